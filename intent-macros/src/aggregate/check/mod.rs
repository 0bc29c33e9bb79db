//! What an aggregate must keep to.

mod lists;

use quote::ToTokens as _;
use syn::{Data, Fields, GenericParam, Type};

use super::model::Aggregate;
use crate::{
    item::former,
    rules::{check as rules, entry::Effect},
    stored::{
        both_ways::{self, Loss},
        form::owns_its_data,
    },
    syntax::{
        attr,
        diag::{Diagnostics, Mistake},
        paths::last_ident,
    },
};

/// Reports all mistakes in `aggregate`; without complete lists of events, none that follows from them.
pub(super) fn check(diag: &Diagnostics, aggregate: &Aggregate<'_>, lists_are_read: bool) {
    let unread = diag.has_errors();
    let fields = aggregate.fields.as_slice();
    struct_with_named_fields(diag, aggregate);
    the_enum_has_a_name_of_its_own(diag, aggregate);
    no_parameters(diag, aggregate);
    former_names_are_former(diag, aggregate);
    created_by_something(diag, aggregate, lists_are_read);
    one_id(diag, aggregate);
    no_rule_on_the_id(diag, aggregate);
    let listed = lists::each_event_once(diag, aggregate);
    lists::what_is_split_is_past(diag, aggregate);
    lists::each_retired_name_once(diag, aggregate);
    lists::events_are_its_own(diag, aggregate);
    lists::creation_does_something(diag, aggregate);
    rules::closures_take_what_there_is(diag, fields);
    rules::no_state_in_a_rule(diag, "#[aggregate(..)]", fields);
    let ruled = lists_are_read
        && lists::no_enum_of_events_listed(diag, aggregate)
        && lists::rules_for_listed_events(diag, aggregate);
    rules::one_rule_per_event_and_field(diag, aggregate.entries(), fields);
    snapshots_hold_every_field(diag, aggregate);
    snapshot_versions_from_one(diag, aggregate);
    // That a creating event does nothing is its mistake, and not that it has rules.
    let creates = aggregate.creating();
    let creates = creates.filter(|entry| !matches!(entry.effect, Effect::Nothing));
    rules::a_rule_or_a_function(diag, creates.chain(aggregate.changing()), fields);
    // A rule that was misread or misspelt is one mistake; that its event then does nothing is not another.
    if !unread && listed && ruled {
        rules::every_event_does_something(diag, aggregate.changing(), fields);
    }
}

fn struct_with_named_fields(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    let (blame, found) = match &aggregate.original.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(_) => return,
            Fields::Unnamed(fields) => (fields.to_token_stream(), "a tuple struct"),
            Fields::Unit => (
                aggregate.ident().to_token_stream(),
                "a struct without fields",
            ),
        },
        Data::Enum(data) => (data.enum_token.to_token_stream(), "an enum"),
        Data::Union(data) => (data.union_token.to_token_stream(), "a union"),
    };
    let help = match &aggregate.original.data {
        Data::Struct(_) => "name the fields, one of them `#[id] id: Id<..>`",
        _ => "keep the state in a struct and make the alternatives an enum field",
    };
    let fact = format!("`#[derive(Aggregate)]` needs a struct with named fields, found {found}");
    diag.add(Mistake::at(blame, fact).help(help));
}

/// A field that serde skips would come back from a snapshot as its default, and one that is written in one form and
/// read in another as something else or not at all: another state than the events make.
fn snapshots_hold_every_field(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    if aggregate.attrs.snapshot.is_none() {
        return;
    }
    for field in &aggregate.fields {
        owns_its_data(diag, field.original);
    }
    let why = "snapshots are written and read with the serde attributes of the state";
    if let Some((attribute, help)) = both_ways::container_loss(&aggregate.original.attrs) {
        let fact = format!(
            "a snapshot of `{}` would not be read as it was written",
            aggregate.ident()
        );
        diag.add(Mistake::at(attribute, fact).note(why).help(help));
    }
    for field in &aggregate.fields {
        // The state of an older build is stale, so nothing stands in for what is missing.
        match both_ways::loss(field.original, false) {
            None => {}
            Some(Loss::Skipped(skip)) => {
                let fact = format!("a snapshot would lose the field `{}`", field.ident);
                let help =
                    "remove it, and give those who may not see the field a struct of their own";
                diag.add(Mistake::at(skip, fact).note(why).help(help));
            }
            Some(Loss::OneSided(attribute, help)) => {
                let fact = format!(
                    "a snapshot would not read the field `{}` as it was written",
                    field.ident
                );
                diag.add(Mistake::at(attribute, fact).note(why).help(help));
            }
        }
    }
}

/// As for events: versions count from 1, and the first one follows none.
fn snapshot_versions_from_one(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    let Some(snapshot) = &aggregate.attrs.snapshot else {
        return;
    };
    if let Some(version) = &snapshot.version
        && version.value == 0
    {
        diag.add(
            Mistake::at(&version.literal, "snapshot versions start at 1")
                .help("write `version = 1`, or leave it out"),
        );
    } else if let Some(from) = &snapshot.from
        && snapshot.number() == 1
    {
        let fact = "version 1 of a snapshot has no predecessor";
        diag.add(
            Mistake::at(&from.key, fact).help("add `version = 2`, or the version that this is"),
        );
    }
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

/// Checks that look at events need the one type that they are about.
fn no_parameters(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    let Some(parameter) = aggregate.original.generics.params.first() else {
        return;
    };
    let name = aggregate.ident();
    let what = match parameter {
        GenericParam::Lifetime(lifetime) => {
            let lifetime = &lifetime.lifetime;
            let fact = format!(
                "an aggregate cannot borrow, but `{name}` has the lifetime parameter `{lifetime}`"
            );
            diag.add(
                Mistake::at(lifetime, fact)
                    .note("state is rebuilt from stored events and must own its data")
                    .help(owned_instead(aggregate)),
            );
            return;
        }
        GenericParam::Type(_) => "type",
        GenericParam::Const(_) => "const",
    };
    diag.add(
        Mistake::at(
            parameter,
            format!("an aggregate cannot have {what} parameters"),
        )
        .note("its name and its list of events are stored and must be the same for every instance")
        .help("use a concrete type, or move the generic part into a field's type"),
    );
}

/// Help that names the first borrowing field, if there is one.
fn owned_instead(aggregate: &Aggregate<'_>) -> String {
    let borrowed = aggregate.fields.iter().find_map(|field| match field.ty() {
        Type::Reference(reference) => Some(reference),
        _ => None,
    });
    let Some(reference) = borrowed else {
        return "use owned types instead".to_owned();
    };
    let inner = reference.elem.to_token_stream().to_string();
    let owned = match inner.as_str() {
        "str" => "String".to_owned(),
        _ => inner.clone(),
    };
    let lifetime = reference
        .lifetime
        .as_ref()
        .map(|lifetime| format!("{lifetime} "));
    let lifetime = lifetime.unwrap_or_default();
    format!("use `{owned}` instead of `&{lifetime}{inner}`")
}

fn former_names_are_former(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    let what = format!("aggregate `{}`", aggregate.ident());
    former::check(diag, &what, &aggregate.name(), &aggregate.attrs.formerly);
}

/// A history begins with an event that makes the aggregate.
fn created_by_something(diag: &Diagnostics, aggregate: &Aggregate<'_>, lists_are_read: bool) {
    let Some(list) = &aggregate.attrs.created_by else {
        let fact = format!("aggregate `{}` is created by no event", aggregate.ident());
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
    if aggregate.fields.is_empty() && !is_named(aggregate) {
        return;
    }
    let marks = aggregate.fields.iter().filter_map(|field| field.key);
    marks.for_each(|mark| attr::takes_nothing(diag, mark));
    let mut marked = aggregate.fields.iter().filter(|field| field.key.is_some());
    let Some(first) = marked.next() else {
        let fact = format!("aggregate `{}` has no id field", aggregate.ident());
        diag.add(Mistake::at(aggregate.ident(), fact).help(mark_one(aggregate)));
        return;
    };
    for second in marked {
        let fact = format!(
            "aggregate `{}` already has the id field `{}`",
            aggregate.ident(),
            first.ident
        );
        let help = "keep one `#[id]`; other ids are ordinary fields";
        diag.add(Mistake::at(second.key, fact).help(help));
    }
}

fn is_named(aggregate: &Aggregate<'_>) -> bool {
    matches!(&aggregate.original.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)))
}

/// Names a field as an example when exactly one looks like an id.
fn mark_one(aggregate: &Aggregate<'_>) -> String {
    let looks_like_id = |name: &str, ty: &Type| {
        let of_type = match ty {
            Type::Path(path) => {
                last_ident(&path.path).is_some_and(|ident| ident.to_string().ends_with("Id"))
            }
            _ => false,
        };
        name == "id" || name.ends_with("_id") || of_type
    };
    let candidates: Vec<_> = aggregate
        .fields
        .iter()
        .filter(|field| looks_like_id(&field.ident.to_string(), field.ty()))
        .collect();
    match candidates.as_slice() {
        [field] => format!("mark `{}` with `#[id]`", field.ident),
        _ => format!("add a field `#[id] id: Id<{}>`", aggregate.ident()),
    }
}

/// An id is given when the aggregate is created and stays.
fn no_rule_on_the_id(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    let Some(field) = aggregate.id() else { return };
    for rule in &field.rules {
        let fact = format!("`{}` is the id, which no event changes", field.ident);
        diag.add(
            Mistake::at(&rule.event, fact)
                .help("remove the rule; the id is the one that the creating command is sent to"),
        );
    }
}
