//! Checks of the lists of events, and of the rules for them.

use super::super::model::Aggregate;
use crate::{
    rules::entry::Entry,
    syntax::{
        diag::{Diagnostics, Mistake},
        paths::{same, shown},
    },
};

/// False if an event stands in the lists twice.
pub(super) fn each_event_once(diag: &Diagnostics, aggregate: &Aggregate<'_>) -> bool {
    let events: Vec<&Entry> = aggregate.entries().collect();
    let mut once = true;
    for (index, event) in events.iter().enumerate() {
        let twin = events[..index]
            .iter()
            .find(|earlier| earlier.ident() == event.ident());
        let Some(twin) = twin else { continue };
        once = false;
        diag.add(if same(&twin.event, &event.event) {
            let fact = format!("event `{}` is listed twice", event.text());
            Mistake::at(&event.event, fact).help("remove one")
        } else {
            let fact = format!(
                "events `{}` and `{}` would both be `{}::{}`",
                twin.text(),
                event.text(),
                aggregate.event_enum(),
                event.ident()
            );
            Mistake::at(&event.event, fact)
                .help("import one under another name: `use path::Event as OtherEvent`")
        });
    }
    once
}

/// Reports a split event that is listed too, or split twice. Nothing may emit an event that is split on read.
pub(super) fn what_is_split_is_past(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    let splits = &aggregate.attrs.split;
    for (index, split) in splits.iter().enumerate() {
        let text = shown(&split.event);
        if aggregate
            .entries()
            .any(|event| same(&event.event, &split.event))
        {
            let fact = format!(
                "`{text}` is split, and listed as an event of `{}`",
                aggregate.ident()
            );
            diag.add(
                Mistake::at(&split.event, fact)
                    .note("an event that is split on read is past: nothing emits it, and it has no rules")
                    .help(format!("remove `{text}` from the list of events")),
            );
        } else if splits[..index]
            .iter()
            .any(|earlier| same(&earlier.event, &split.event))
        {
            let fact = format!("`{text}` is split twice");
            diag.add(Mistake::at(&split.event, fact).help("remove one"));
        }
    }
}

/// The macro makes the enum of events from the lists. False if a list names it.
pub(super) fn no_enum_of_events_listed(diag: &Diagnostics, aggregate: &Aggregate<'_>) -> bool {
    let event_enum = aggregate.event_enum();
    let Some(event) = aggregate
        .entries()
        .find(|event| *event.ident() == event_enum)
    else {
        return true;
    };
    let fact = format!("`{event_enum}` is the enum that is made of the listed events");
    diag.add(Mistake::at(&event.event, fact).help("list each event by its own type"));
    false
}

/// Reports `of` and `by`, which are for read models and processes: they hear events of other types.
pub(super) fn events_are_its_own(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    for entry in aggregate.entries() {
        if let Some(of) = &entry.of {
            let fact = "the events of an aggregate are its own, and take no `of`";
            let help = format!("remove `of {}`", shown(&of.value));
            diag.add(Mistake::at(&of.key, fact).help(help));
        }
        if let Some(by) = &entry.by {
            let fact = "an event of an aggregate is stored under its id, and takes no `by`";
            let help = format!("write `{}` alone", entry.text());
            diag.add(Mistake::at(&by.key, fact).help(help));
        }
    }
}
