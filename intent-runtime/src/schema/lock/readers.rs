//! Whether older builds can read what an event says that they can: `#[event(readable_by(..))]`.

use std::{fmt, iter};

use serde_json::Value;

use crate::{
    model::kinds::{AggregateKind, EventKind},
    schema::lock::{
        format::{Blocks, Key},
        reads::{Obstacle, obstacle},
        report::lines,
    },
};

/// An event that says of older builds what the lock does not bear out.
#[derive(Debug)]
pub(super) struct Misdeclared {
    key: Key,
    version: u32,
    /// The version whose readers it names.
    readable_by: u32,
    why: Why,
}

#[derive(Debug)]
enum Why {
    /// Readers of a version cannot take it.
    Unreadable {
        by: u32,
        recorded: Value,
        current: Value,
        obstacle: Obstacle,
        /// The oldest version whose readers can.
        readable_by: Option<u32>,
    },
    /// Readers of the version know the event by another name only.
    FormerName { former: &'static str },
    /// Nobody knows the shape of the version.
    Unrecorded,
}

impl Misdeclared {
    /// What is wrong with the declaration of an event, if it has one.
    pub(super) fn of(
        kind: &AggregateKind,
        event: &EventKind,
        [recorded, current]: [&Blocks; 2],
    ) -> Option<Self> {
        let readable_by = event.readable_by?;
        let key = Key::event(kind.name, event.name, event.version);
        let now = current.get(&key)?;
        if recorded.get(&key).is_some_and(|recorded| recorded != now) {
            // It has to be changed anyhow, and that is said elsewhere.
            return None;
        }
        let recorded_as = |name, version| {
            let mut aggregates = iter::once(&kind.name).chain(kind.formerly);
            aggregates.find_map(|aggregate| recorded.get(&Key::event(aggregate, name, version)))
        };
        let shape_of = |version| {
            recorded_as(event.name, version)
                .or_else(|| current.get(&Key::event(kind.name, event.name, version)))
        };
        let mut oldest = None;
        let mut why = None;
        for by in (readable_by..event.version).rev() {
            // A version that was left out has no readers.
            let Some(recorded) = shape_of(by) else {
                continue;
            };
            if let Some(obstacle) = obstacle(recorded, now) {
                why = Some(Why::Unreadable {
                    by,
                    recorded: recorded.clone(),
                    current: now.clone(),
                    obstacle,
                    readable_by: oldest,
                });
                break;
            }
            oldest = Some(by);
        }
        let why = why.or_else(|| {
            if shape_of(readable_by).is_some() {
                return None;
            }
            let mut former = event.formerly.iter().copied();
            let former = former.find(|name| recorded_as(name, readable_by).is_some());
            Some(former.map_or(Why::Unrecorded, |former| Why::FormerName { former }))
        })?;
        Some(Self {
            key,
            version: event.version,
            readable_by,
            why,
        })
    }
}

impl fmt::Display for Misdeclared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            key,
            version,
            readable_by: declared,
            ..
        } = self;
        write!(f, "\n{key} says `readable_by({declared})`, but ")?;
        match &self.why {
            Why::Unreadable {
                by,
                recorded,
                current,
                obstacle,
                readable_by,
            } => {
                writeln!(
                    f,
                    "builds of version {by} cannot take it as it is:\n{obstacle}.\n"
                )?;
                let labels = [by, version].map(|number| format!("version {number}"));
                f.write_str(&lines(
                    labels.each_ref().map(|label| &**label),
                    recorded,
                    current,
                ))?;
                match readable_by {
                    Some(other) => writeln!(
                        f,
                        "\nSay `readable_by({other})`: older builds then stop at such an event and say why."
                    ),
                    None => writeln!(
                        f,
                        "\nLeave out `readable_by({declared})`: older builds then stop at such an event and say why."
                    ),
                }
            }
            Why::FormerName { former } => writeln!(
                f,
                "version {declared} is recorded as `{former}`, and builds from\nthen know no other name.\n\nLeave out \
                 `readable_by({declared})`: they then stop at such an event and say why."
            ),
            Why::Unrecorded => writeln!(
                f,
                "`intent.lock` has no version {declared} of it, so nobody can tell.\n\nLeave out `readable_by({declared})`, or say the \
                 oldest recorded version that it is true of. If version {declared} was stored before\nthere was a lock, run \
                 `INTENT_LOCK=update cargo test` at a commit that has it as today's, and bring its block along."
            ),
        }
    }
}
