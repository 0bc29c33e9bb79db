//! Whether older builds can read what an event says that they can: `#[event(readable_by(..))]`.

use std::iter;

use crate::{
    model::kinds::{AggregateKind, EventKind},
    schema::lock::{
        format::{Blocks, Key},
        reads::obstacle,
        report::{Difference, Refusal, lines},
    },
};

/// What is wrong with `readable_by` of an event, if it has it.
pub(super) fn misdeclared(
    kind: &AggregateKind,
    event: &EventKind,
    [recorded, current]: [&Blocks; 2],
) -> Option<Difference> {
    let declared = event.readable_by?;
    let key = Key::event(kind.name, event.name, event.version);
    let now = current.get(&key)?;
    if recorded.get(&key).is_some_and(|recorded| recorded != now) {
        // Another check says so, and the event has to change anyhow.
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
    let refused = |why| {
        let text = format!("\n{key} says `readable_by({declared})`, but {why}\n");
        Some(Difference::refused(Refusal::Readers, text))
    };
    let mut oldest = None;
    for by in (declared..event.version).rev() {
        // A version that was left out has no readers.
        let Some(shape) = shape_of(by) else {
            continue;
        };
        let Some(obstacle) = obstacle(shape, now) else {
            oldest = Some(by);
            continue;
        };
        let versions = [by, event.version].map(|number| format!("version {number}"));
        let lines = lines(versions, shape, now);
        let remedy = match oldest {
            Some(other) => format!("Say `readable_by({other})`"),
            None => format!("Leave out `readable_by({declared})`"),
        };
        return refused(format!(
            "builds of version {by} cannot take it as it is:\n{obstacle}.\n\n{lines}\n{remedy}: older builds then stop at \
             such an event and say why."
        ));
    }
    if shape_of(declared).is_some() {
        return None;
    }
    let mut former = event.formerly.iter();
    match former.find(|name| recorded_as(name, declared).is_some()) {
        Some(former) => refused(format!(
            "version {declared} is recorded as `{former}`, and builds from\nthen know no other name.\n\nLeave out \
             `readable_by({declared})`: they then stop at such an event and say why."
        )),
        None => refused(format!(
            "`intent.lock` has no version {declared} of it, so nobody can tell.\n\nLeave out `readable_by({declared})`, or say \
             the oldest recorded version that it is true of. If version {declared} was stored before\nthere was a lock, run \
             `INTENT_LOCK=update cargo test` at a commit that has it as today's, and bring its block along."
        )),
    }
}
