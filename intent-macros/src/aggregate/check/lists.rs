//! What the lists of events must keep to, and the rules beside them.

use super::super::{
    attrs::{Effect, Split},
    model::{Aggregate, Event},
};
use crate::syntax::{
    diag::{Diagnostics, Mistake},
    paths::{same, shown},
};

/// False if an event stands in the lists twice.
pub(super) fn each_event_once(diag: &Diagnostics, aggregate: &Aggregate<'_>) -> bool {
    let events: Vec<Event<'_>> = aggregate.events().collect();
    let mut once = true;
    for (index, event) in events.iter().enumerate() {
        let twin = events[..index]
            .iter()
            .find(|earlier| earlier.variant() == event.variant());
        let Some(twin) = twin else { continue };
        once = false;
        diag.add(if same(twin.path, event.path) {
            let fact = format!("event `{}` is listed twice", event.text());
            Mistake::at(event.path, fact).help("remove one")
        } else {
            let fact = format!(
                "events `{}` and `{}` would both be `{}::{}`",
                twin.text(),
                event.text(),
                aggregate.event_enum(),
                event.variant()
            );
            Mistake::at(event.path, fact)
                .help("import one under another name: `use path::Event as OtherEvent`")
        });
    }
    once
}

/// An event that is split on read is no longer one of the aggregate's: nothing is to emit it.
pub(super) fn what_is_split_is_past(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    let splits = &aggregate.attrs.split;
    for (index, split) in splits.iter().enumerate() {
        let text = shown(&split.event);
        if aggregate
            .events()
            .any(|event| same(event.path, &split.event))
        {
            let fact = format!(
                "`{text}` is split, and listed as an event of `{}`",
                aggregate.ident()
            );
            diag.add(
                Mistake::at(&split.event, fact)
                    .note("what is split on read is past: nothing emits it, and no rule is for it")
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

pub(super) fn each_retired_name_once(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    let retired = &aggregate.attrs.retired;
    for (index, name) in retired.iter().enumerate() {
        let text = name.value();
        if retired[..index]
            .iter()
            .any(|earlier| earlier.value() == text)
        {
            let fact = format!("\"{text}\" is retired twice");
            diag.add(Mistake::at(name, fact).help("remove one"));
        }
    }
}

/// The enum is made of the list. False if it stands there.
pub(super) fn no_enum_of_events_listed(diag: &Diagnostics, aggregate: &Aggregate<'_>) -> bool {
    let event_enum = aggregate.event_enum();
    let Some(event) = aggregate
        .events()
        .find(|event| *event.variant() == event_enum)
    else {
        return true;
    };
    let fact = format!("`{event_enum}` is the enum that is made of the listed events");
    diag.add(Mistake::at(event.path, fact).help("list each event by its own type"));
    false
}

/// False if a rule is for an event that is not listed.
pub(super) fn rules_for_listed_events(diag: &Diagnostics, aggregate: &Aggregate<'_>) -> bool {
    let events: Vec<Event<'_>> = aggregate.events().collect();
    if aggregate.attrs.created_by.is_none() && aggregate.attrs.events.is_none() {
        // That nothing is listed is reported.
        return false;
    }
    let mut all = true;
    let mut missing = Vec::new();
    for rule in aggregate.fields.iter().flat_map(|field| &field.rules) {
        if events.iter().any(|event| event.is_meant_by(rule)) {
            continue;
        }
        all = false;
        let written = shown(&rule.event);
        if missing.contains(&written) {
            continue;
        }
        let fact = format!("`{written}` is not an event of `{}`", aggregate.ident());
        let is_split = |split: &Split| same(&split.event, &rule.event);
        if aggregate.attrs.split.iter().any(is_split) {
            missing.push(written);
            let help = "it is split on read: write the rules for what it becomes";
            diag.add(Mistake::at(&rule.event, fact).help(help));
            continue;
        }
        let help = match aggregate.meant_by(rule) {
            Some(close) => format!("write `{close}`, or add `{written}` to `events(..)`"),
            None => {
                // One addition to the list serves all its rules; a whole list that is missing, those of all events.
                missing.push(written.clone());
                match aggregate.attrs.events {
                    Some(_) => format!("add `{written}` to `events(..)` in `#[aggregate(..)]`"),
                    None => {
                        let all: Vec<String> = aggregate.unlisted().iter().map(shown).collect();
                        missing.extend_from_slice(&all);
                        format!("add `events({})` to `#[aggregate(..)]`", all.join(", "))
                    }
                }
            }
        };
        diag.add(Mistake::at(&rule.event, fact).help(help));
    }
    all
}

pub(super) fn one_rule_per_event_and_field(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    for field in &aggregate.fields {
        for event in aggregate.events() {
            for rule in field
                .rules
                .iter()
                .filter(|rule| event.is_meant_by(rule))
                .skip(1)
            {
                let fact = format!("`{}` has two rules for `{}`", field.ident, event.text());
                let help = format!(
                    "make them one: `{} => |{}, e| …`",
                    event.text(),
                    field.ident
                );
                diag.add(Mistake::at(&rule.event, fact).help(help));
            }
        }
    }
}

/// What an event does is said in one place.
pub(super) fn a_rule_or_a_function(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    for event in aggregate.events() {
        let said = match event.effect {
            Effect::Rules => continue,
            Effect::Function(function) => format!("is applied by `{}`", shown(function)),
            // That it does nothing is the mistake then.
            Effect::Nothing if event.creating => continue,
            Effect::Nothing => "changes nothing by `=> ()`".to_owned(),
        };
        let rules = aggregate.fields.iter().filter(|field| field.id.is_none());
        for rule in rules.filter_map(|field| field.rule(event)) {
            let fact = format!("`{}` {said}, and here is a rule for it", event.text());
            let help = match event.effect {
                Effect::Function(_) => {
                    "do it in the function, or remove the function from the list"
                }
                _ => "remove the rule, or `=> ()` from the list",
            };
            diag.add(Mistake::at(&rule.event, fact).help(help));
        }
    }
}

/// An event that changes nothing says so.
pub(super) fn every_event_does_something(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    for event in aggregate.events() {
        let text = event.text();
        if event.creating {
            if matches!(event.effect, Effect::Nothing) {
                let fact = format!("`{text}` creates the aggregate and cannot do nothing");
                let help = "remove `=> ()`: fields without a rule get their `Default`";
                diag.add(Mistake::at(event.path, fact).help(help));
            }
            continue;
        }
        let ruled = aggregate
            .fields
            .iter()
            .any(|field| field.rule(event).is_some());
        if matches!(event.effect, Effect::Rules) && !ruled {
            let fact = format!("`{text}` is listed and changes nothing");
            let help = format!(
                "add `#[on({text} ..)]` to a field, name a function as in `{text} => Self::{}`, or write `{text} => ()`",
                crate::syntax::respan::snake_case(&event.variant().to_string())
            );
            diag.add(Mistake::at(event.path, fact).help(help));
        }
    }
}
