//! Checks of an aggregate.

mod lists;

use super::{DERIVE, model::Aggregate};
use crate::{
    item::{
        former,
        shape::{self, Kind},
        version,
    },
    rules::{check as rules, entry::Effect, rule::Rule, subject::Subject},
    stored::{both_ways, form::owns_its_data},
    syntax::{
        attr,
        diag::{Diagnostics, Mistake},
        paths::same,
    },
};

/// An aggregate has no parameters, since the checks of its events are constants, which need one concrete type.
const AGGREGATE: Kind = Kind {
    what: "an aggregate",
    stored: "its name and its list of events",
    owned: "state is rebuilt from stored events",
};

/// Reports all mistakes in `aggregate`. Checks that compare with the lists of events run only if those are complete.
pub(super) fn check(diag: &Diagnostics, aggregate: &Aggregate<'_>, lists_are_read: bool) {
    let unread = diag.has_errors();
    let fields = aggregate.fields.as_slice();
    DERIVE.named_fields(diag, aggregate.original);
    the_enum_has_a_name_of_its_own(diag, aggregate);
    let generics = &aggregate.original.generics;
    let originals = fields.iter().map(|field| field.original);
    AGGREGATE.no_parameters(diag, aggregate.ident(), generics, originals);
    let what = format!("aggregate `{}`", aggregate.ident());
    former::check(diag, &what, &aggregate.name(), &aggregate.attrs.formerly);
    created_by_something(diag, aggregate, lists_are_read);
    one_id(diag, aggregate);
    let help = "remove the rule; the id is the one that the creating command is sent to";
    rules::no_rule_on_the_key(diag, "id", help, fields);
    let listed = lists::each_event_once(diag, aggregate);
    lists::what_is_split_is_past(diag, aggregate);
    lists::events_are_its_own(diag, aggregate);
    rules::creation_does_something(diag, "creates the aggregate", aggregate.creating());
    rules::closures_take_what_there_is(diag, Subject::Aggregate, fields);
    rules::no_state_in_a_rule(diag, "#[aggregate(..)]", fields);
    let is_split = |rule: &Rule| {
        let mut split = aggregate.attrs.split.iter();
        let is_split = split.any(|split| same(&split.event, &rule.event));
        is_split.then_some("it is split on read: write the rules for what it becomes")
    };
    let ruled = lists_are_read
        && lists::no_enum_of_events_listed(diag, aggregate)
        && rules::rules_for_listed_events(diag, &aggregate.lists(), fields, is_split);
    rules::one_rule_per_event_and_field(diag, aggregate.entries(), fields);
    snapshots_hold_the_state(diag, aggregate);
    // A creating event marked `=> ()` is reported once, not again for its rules.
    let creates = aggregate.creating();
    let creates = creates.filter(|entry| !matches!(entry.effect, Effect::Nothing));
    rules::a_rule_or_a_function(diag, creates.chain(aggregate.changing()), fields);
    // If a rule is misspelt, or there are no fields, the events seem to do nothing. That is not reported again.
    if !unread && listed && ruled && shape::has_named_fields(aggregate.original) {
        rules::every_event_does_something(diag, aggregate.changing(), fields);
    }
}

/// A snapshot must give back the state that the events make.
fn snapshots_hold_the_state(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    let Some(snapshot) = &aggregate.attrs.snapshot else {
        return;
    };
    for field in &aggregate.fields {
        owns_its_data(diag, field.original);
    }
    let fields = aggregate.fields.iter().map(|field| field.original);
    let (name, attributes) = (aggregate.ident().to_string(), &aggregate.original.attrs);
    both_ways::SNAPSHOT.check(diag, &name, attributes, fields);
    let (version, from) = (snapshot.version.as_ref(), snapshot.from.as_ref());
    version::from_one(diag, "snapshot", version, from);
}

/// The enum of events stands beside the struct.
fn the_enum_has_a_name_of_its_own(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    if let Some(taken_by) = aggregate.enum_taken_by {
        let text = aggregate.text();
        let fact = format!(
            "`#[derive(Aggregate)]` makes the enum `{text}Event` of the events, and {taken_by} has that name"
        );
        let help = format!(
            "give {taken_by} another name",
            taken_by = taken_by
                .replacen("an ", "the ", 1)
                .replacen("a ", "the ", 1)
        );
        diag.add(Mistake::at(aggregate.ident(), fact).help(help));
    }
}

/// A history begins with an event that makes the aggregate.
fn created_by_something(diag: &Diagnostics, aggregate: &Aggregate<'_>, lists_are_read: bool) {
    let Some(list) = &aggregate.attrs.created_by else {
        let fact = format!("no event creates the aggregate `{}`", aggregate.ident());
        let help = match aggregate.attrs.events {
            Some(_) => {
                "add `created_by(..)` to `#[aggregate(..)]`, with the event that a history begins with"
            }
            None => {
                "add `#[aggregate(created_by(..), events(..))]`, with the event that a history begins with, and all others"
            }
        };
        diag.add(Mistake::at(aggregate.ident(), fact).help(help));
        return;
    };
    if list.value.is_empty() && lists_are_read {
        let help = "write the event that a history begins with, for example `created_by(Opened)`";
        diag.add(Mistake::at(&list.key, "`created_by` names no event").help(help));
    }
}

fn one_id(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    if aggregate.fields.is_empty() && !shape::has_named_fields(aggregate.original) {
        return;
    }
    let marks = aggregate.fields.iter().filter_map(|field| field.key);
    marks.for_each(|mark| attr::takes_nothing(diag, mark));
    let fields = aggregate
        .fields
        .iter()
        .map(|field| (field.original, field.key));
    let aggregate = aggregate.ident();
    shape::one_id(diag, "aggregate", aggregate, &aggregate.to_string(), fields);
}
