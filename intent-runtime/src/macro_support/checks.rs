//! Checks of the stored names and versions of events, which the compiler runs in generated code.
//!
//! Each check is a `const fn` that panics with the error's text. It is `#[track_caller]`, so the compiler shows the error at
//! the user's token and nothing of this file.

#![allow(clippy::panic, reason = "evaluated at compile time only")]

use crate::model::{event::Event, schema_version::SchemaVersion};

/// The stored names and the version of an event, and its name in messages.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    shown: &'static str,
    name: &'static str,
    formerly: &'static [&'static str],
    version: u32,
    readable_by: Option<u32>,
}

impl Names {
    /// Those of event `E`.
    pub const fn of<E: Event>(shown: &'static str) -> Self {
        Self {
            shown,
            name: E::NAME,
            formerly: E::FORMERLY,
            version: E::VERSION,
            readable_by: E::READABLE_BY,
        }
    }

    const fn has(&self, name: &str) -> bool {
        same(self.name, name) || contains(self.formerly, name)
    }

    /// A name that both have.
    const fn shared_with(&self, other: &Self) -> Option<&'static str> {
        if other.has(self.name) {
            return Some(self.name);
        }
        let mut at = 0;
        while at < self.formerly.len() {
            if other.has(self.formerly[at]) {
                return Some(self.formerly[at]);
            }
            at += 1;
        }
        None
    }
}

/// `#[derive(Aggregate)]`: the event at `index` of `events` must not share a stored name with an earlier one.
#[track_caller]
pub const fn assert_new_name(aggregate: &str, events: &[Names], index: usize) {
    let event = &events[index];
    let mut at = 0;
    while at < index {
        let earlier = &events[at];
        if let Some(name) = event.shared_with(earlier) {
            let formerly = match same(event.name, name) && same(earlier.name, name) {
                true => "",
                false => ", now or formerly",
            };
            fail(
                "events `{}` and `{}` of `{}` have the same stored name \"{}\"{}",
                [earlier.shown, event.shown, aggregate, name, formerly],
            );
        }
        at += 1;
    }
}

/// `#[derive(Aggregate)]`: the version of the event at `index` of `events` must fit where it is stored, and `READABLE_BY`
/// must be an earlier one. For an event under `#[event]` the macro has checked both.
#[track_caller]
pub const fn assert_version(aggregate: &str, events: &[Names], index: usize) {
    let event = &events[index];
    let wrong = match event.readable_by {
        _ if event.version == 0 || event.version > SchemaVersion::MAX => {
            "must be from 1 to 9999: it counts versions, and is stored with each event"
        }
        Some(oldest) if oldest == 0 || oldest >= event.version => {
            "can be `READABLE_BY` an earlier version only, from 1: name one, or leave it out"
        }
        _ => return,
    };
    let parts = [event.shown, aggregate, wrong];
    fail("the `VERSION` of event `{}` of `{}` {}", parts);
}

/// `#[aggregate(retired(..))]`: a retired name must not be one of an event that is read.
#[track_caller]
pub const fn assert_retired_name(aggregate: &str, events: &[Names], retired: &str) {
    let mut at = 0;
    while at < events.len() {
        let event = &events[at];
        if event.has(retired) {
            let formerly = match same(event.name, retired) {
                true => "the stored name",
                false => "a former name",
            };
            fail(
                "\"{}\" is retired and {} of event `{}` of `{}`",
                [retired, formerly, event.shown, aggregate],
            );
        }
        at += 1;
    }
}

/// `#[event(from = V1)]`: the predecessor must have the event's stored name, or a former one of it.
#[track_caller]
pub const fn assert_predecessor_name(event: Names, predecessor: &str, old_name: &str) {
    if !event.has(old_name) {
        let Names { shown, name, .. } = event;
        fail(
            "`{}` is stored as \"{}\", its successor `{}` as \"{}\": add `name = \"{}\"` to `{}`",
            [predecessor, old_name, shown, name, name, predecessor],
        );
    }
}

/// `#[event(from = V1)]`: the predecessor must be of the version before.
#[track_caller]
pub const fn assert_predecessor_version(
    event: &str,
    version: u32,
    predecessor: &str,
    old_version: u32,
) {
    if old_version + 1 != version {
        let text = "`{}` is not the version of `{}` just before this one";
        fail(text, [predecessor, event]);
    }
}

/// Stops the build with a message. In it, each `{}` stands for the next part.
#[track_caller]
const fn fail<const N: usize>(text: &str, parts: [&str; N]) -> ! {
    panic!("{}", Message::of(text, parts).as_str())
}

/// The text of a message, put together byte by byte, since constants cannot be formatted.
struct Message {
    bytes: [u8; 512],
    len: usize,
}

impl Message {
    const fn of<const N: usize>(text: &str, parts: [&str; N]) -> Self {
        let mut message = Self {
            bytes: [0; 512],
            len: 0,
        };
        let (text, mut at, mut part) = (text.as_bytes(), 0, 0);
        while at < text.len() {
            if text[at] == b'{' {
                message.push(parts[part].as_bytes());
                (at, part) = (at + 2, part + 1);
            } else {
                message.push(&[text[at]]);
                at += 1;
            }
        }
        message
    }

    const fn push(&mut self, text: &[u8]) {
        let mut at = 0;
        while at < text.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = text[at];
            self.len += 1;
            at += 1;
        }
    }

    const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "the names are too long to be shown",
        }
    }
}

const fn contains(names: &[&str], name: &str) -> bool {
    let mut at = 0;
    while at < names.len() {
        if same(names[at], name) {
            return true;
        }
        at += 1;
    }
    false
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}
