//! The difference where the code has a recorded block no longer, or with another shape.

use serde_json::Value;

use crate::{
    model::{kinds::AggregateKind, upcast::DecodeError},
    schema::lock::{
        compare::{newest, todays},
        format::{Blocks, Key, Part},
        remedy,
        report::{Difference, RECORDED_AND_CODE, Refusal, Update, lines},
    },
};

/// The difference between a recorded block and the code, if it matters. An event of an older version need only be readable.
pub(super) fn change(
    kind: &AggregateKind,
    [recorded, current]: [&Blocks; 2],
    key: &Key,
) -> Option<Difference> {
    let before = recorded.get(key)?;
    let now = current.get(&todays(kind, key));
    let Some((name, version)) = key.of_event() else {
        let (text, update) = match now {
            Some(now) => (
                replaced(key, before, now),
                Update::Record(key.clone(), now.clone()),
            ),
            None => (
                format!(
                    "\n{key} is recorded and no longer there. No command is stored, so nothing is lost. Tell those who \
                     send it.\n"
                ),
                Update::Remove(key.clone()),
            ),
        };
        return Some(Difference {
            text,
            update,
            is_new: false,
        });
    };
    let text = match now {
        Some(now) => changed(kind, key, (name, version), [before, now]),
        None => {
            let reason = kind.unreadable(name, version)?;
            let is_gone = matches!(reason, DecodeError::UnknownEvent { .. });
            // One text on an event that is gone is enough, whatever versions of it there were.
            if is_gone && newest(recorded, &key.aggregate, name) > version {
                return None;
            }
            unreadable(key, version, &reason, new_and_alike(current, kind, before))
        }
    };
    Some(Difference::refused(Refusal::Rewrites, text))
}

fn replaced(key: &Key, recorded: &Value, current: &Value) -> String {
    let is_snapshot = recorded.get("snapshot") != current.get("snapshot");
    let what = match key.part {
        Part::Aggregate if !is_snapshot => {
            format!("{key} has a former name that is not recorded:")
        }
        Part::Aggregate => format!(
            "The state of {key} is made or kept otherwise than recorded. Snapshots are no more than a cache: \
             those of another\nversion are left aside, and each stream is replayed once."
        ),
        _ => format!(
            "{key} has changed. No command is stored, so nothing is misread. Tell those who send it:"
        ),
    };
    format!(
        "\n{what}\n\n{}",
        lines(RECORDED_AND_CODE, recorded, current)
    )
}

fn changed(
    kind: &AggregateKind,
    key: &Key,
    (name, version): (&str, u32),
    [recorded, current]: [&Value; 2],
) -> String {
    let difference = lines(RECORDED_AND_CODE, recorded, current);
    let text = format!(
        "\n{key} has changed. All that is stored in version {version} has the recorded shape:\n\n{difference}"
    );
    let next = version.saturating_add(1);
    let todays = kind.event(name);
    let step = match todays.filter(|event| event.version == version) {
        None => {
            return text
                + "\nIts struct reads what was stored then: take the change back. What is new belongs into today's struct, as \
                   a version of its own.\n";
        }
        Some(event) if event.predecessors().is_empty() => {
            remedy::step(name, recorded, current, next)
        }
        Some(_) => remedy::predecessor(name, next),
    };
    let step: String = step.iter().map(|line| format!("    {line}\n")).collect();
    text + &format!(
        "\nTake the change back, or make it version {next} and say how version {version} is read, beside what is said \
         already:\n\n{step}\n`INTENT_LOCK=update cargo test` then records version {next} beside version {version}. Only \
         where nothing was ever stored in version {version},\nas when it is new on your branch, delete its block from \
         `intent.lock` and record it anew.\n"
    )
}

fn unreadable(key: &Key, version: u32, reason: &DecodeError, alike: Option<&str>) -> String {
    let remedy = match reason {
        DecodeError::UnknownEvent { name } => {
            let renamed = match alike {
                Some(alike) => {
                    format!("`{alike}`, which has its shape, is that event by another name")
                }
                None => "it has another name now".to_owned(),
            };
            format!(
                "if {renamed}: `#[event(formerly({name:?}))]` on its struct\n    \
                 if it no longer happens and changes nothing: `#[aggregate(retired({name:?}), ..)]`; its struct can go\n    \
                 if other events now say what it said: `#[aggregate(split({name} => your_fn), ..)]` in place of `{name}` in \
                 its list,\n        with `fn your_fn(old: {name}) -> (First, Second)`; `#[event] struct {name}` stays in the \
                 code, unlisted:\n        what is stored is read into it\n    or else list it still"
            )
        }
        DecodeError::FutureVersion { stored, .. } => {
            format!("bring version {stored} back: a version stays once events may be stored in it")
        }
        _ => format!(
            "say how version {version} is read: `#[event]` asks for each step, an `impl Event` by hand takes it in `upcast`"
        ),
    };
    format!(
        "\n{key} is recorded and cannot be read any more: {reason}.\n\n    {remedy}\n\nOnly where none was ever stored, as \
         when it is new on your branch, delete what is recorded of it from `intent.lock`.\n"
    )
}

/// An event of the aggregate that has the shape of one that is gone: most likely the same by another name.
fn new_and_alike(current: &Blocks, kind: &AggregateKind, before: &Value) -> Option<&'static str> {
    let mut events = kind.events.iter();
    let alike = events.find(|event| {
        current.get(&Key::event(kind.name, event.name, event.version)) == Some(before)
    });
    alike.map(|event| event.name)
}
