//! Checks of an event.

pub(super) mod keys;

use quote::ToTokens;
use syn::Fields;

use super::model::{Change, Event};
use crate::{
    item::{former, shape::Kind, version},
    stored::{
        both_ways,
        form::{fields_can_be_told, serde_metas},
    },
    syntax::diag::{Diagnostics, Mistake},
};

/// The highest version that fits into what is stored.
pub(super) const HIGHEST_VERSION: u32 = 9_999;

const EVENT: Kind = Kind {
    what: "an event",
    stored: "its name and shape",
    owned: "an event is stored",
};

pub(super) fn check(diag: &Diagnostics, event: &Event<'_>) {
    let (generics, fields) = (&event.original.generics, &event.original.fields);
    EVENT.no_parameters(diag, event.ident(), generics, fields);
    named_fields_one_value_or_none(diag, event);
    unit_is_stored_by_us(diag, event);
    no_rename_all_with_notes(diag, event);
    let (name, original) = (event.ident().to_string(), &event.original);
    let fields = original.fields.iter();
    let fields = fields.map(|field| ("field", field.attrs.as_slice()));
    both_ways::one_form_in_every_build(diag, "an event", &original.attrs, fields);
    both_ways::PAYLOAD.check(diag, &name, &original.attrs, &original.fields);
    both_ways::from_an_object(diag, &name, &original.attrs, &original.fields);
    fields_can_be_told(diag, generics, &original.fields);
    former::check(
        diag,
        &format!("event `{name}`"),
        &event.name(),
        &event.attrs.formerly,
    );
    newtype_changes_by_predecessor_only(diag, event);
    version_from_one(diag, event);
    readable_by_earlier_versions(diag, event);
    keys::one_change_per_key(diag, event);
    keys::named_once_it_came(diag, event);
    keys::each_note_changes_something(diag, event);
    if !diag.has_errors() {
        keys::no_key_taken_from_a_field(diag, event);
    }
    if within_chain(diag, event) && one_way_per_step(diag, event) && !diag.has_errors() {
        chain_without_holes(diag, event);
    }
}

fn named_fields_one_value_or_none(diag: &Diagnostics, event: &Event<'_>) {
    if let Fields::Unnamed(fields) = &event.original.fields
        && fields.unnamed.len() != 1
    {
        let fact = format!(
            "an event has named fields, one unnamed value, or nothing, found a tuple of {}",
            fields.unnamed.len()
        );
        let blame = match fields.unnamed.is_empty() {
            true => event.ident().to_token_stream(),
            false => fields.to_token_stream(),
        };
        diag.add(Mistake::at(blame, fact).help("give the fields names"));
    }
}

/// serde would write `null`, which no later version could add a field to.
fn unit_is_stored_by_us(diag: &Diagnostics, event: &Event<'_>) {
    if event.is_unit() && !event.derives_serde() {
        let fact = "an event without fields cannot derive serde's traits itself";
        diag.add(
            Mistake::at(event.ident(), fact)
                .note(
                    "it is stored as `{}`, so that fields can come later; serde would write `null`",
                )
                .help("remove `Serialize` and `Deserialize` from its `#[derive(..)]`"),
        );
    }
}

/// A note is about the stored key of its field, and the macro does not compute what `rename_all` makes of a name.
fn no_rename_all_with_notes(diag: &Diagnostics, event: &Event<'_>) {
    if event.notes.is_empty() {
        return;
    }
    for meta in serde_metas(&event.original.attrs) {
        if ["rename_all", "rename_all_fields"]
            .iter()
            .any(|word| meta.path().is_ident(word))
        {
            let fact = "`rename_all` cannot stand beside `#[since]`, `#[renamed]`, `removed` or `unchanged`";
            diag.add(
                Mistake::at(meta.path(), fact)
                    .help("write `#[serde(rename = \"..\")]` on each field instead"),
            );
        }
    }
}

/// A newtype has no key that a step could change.
fn newtype_changes_by_predecessor_only(diag: &Diagnostics, event: &Event<'_>) {
    if !event.is_newtype() {
        return;
    }
    let blame = event
        .notes
        .first()
        .map(|note| note.blame.clone())
        .or_else(|| event.attrs.upcast.as_ref().map(ToTokens::to_token_stream));
    let blame = match (blame, &event.attrs.version) {
        (Some(blame), _) => blame,
        (None, Some(Ok(version))) if version.value > 1 && event.attrs.from.is_none() => {
            version.literal.to_token_stream()
        }
        _ => return,
    };
    let name = event.ident();
    let fact = format!("`{name}` is a newtype, which only `from = ..` can upcast");
    diag.add(Mistake::at(blame, fact).help(format!(
        "keep the old struct as `{name}V1`, write `from = {name}V1`, and implement `From<{name}V1>`"
    )));
}

fn version_from_one(diag: &Diagnostics, event: &Event<'_>) {
    let version = match &event.attrs.version {
        Some(Err(())) => return,
        Some(Ok(version)) => Some(version),
        None => None,
    };
    version::from_one(diag, "event", version, event.attrs.from.as_ref());
    if let Some(version) = version.filter(|version| version.value > HIGHEST_VERSION) {
        let fact = format!("event versions end at {HIGHEST_VERSION}");
        let help = "count from 1: a version is a number, not a date";
        diag.add(Mistake::at(&version.literal, fact).help(help));
    }
}

/// An earlier version in `readable_by` must find its keys in the current payload.
fn readable_by_earlier_versions(diag: &Diagnostics, event: &Event<'_>) {
    let (Some(oldest), Some(version)) = (&event.attrs.readable_by, event.version) else {
        return;
    };
    let name = event.ident();
    if oldest.value == 0 || oldest.value >= version {
        let fact = format!(
            "version {version} of `{name}` cannot be marked as readable by version {}",
            oldest.value
        );
        let help = match version {
            0 | 1 => "remove it: no build knows an earlier version".to_owned(),
            2 => "write `readable_by(1)`, or remove it".to_owned(),
            _ => format!("name an earlier version, from 1 to {}", version - 1),
        };
        diag.add(Mistake::at(&oldest.literal, fact).help(help));
        return;
    }
    for note in &event.notes {
        if let Change::Renamed { from, .. } = &note.change
            && note.number > oldest.value
            && note.number <= version
        {
            let fact = format!(
                "readers of version {} look for `{}`, which version {} renamed",
                oldest.value,
                from.value(),
                note.number
            );
            let help = match note.number < version {
                true => format!("write `readable_by({})`, or remove it", note.number),
                false => "remove `readable_by`, or keep the old name".to_owned(),
            };
            diag.add(Mistake::at(&oldest.literal, fact).help(help));
        }
    }
}

/// Notes and functions belong to steps that exist. False if the chain cannot be checked further.
fn within_chain(diag: &Diagnostics, event: &Event<'_>) -> bool {
    let Some(version) = event.version else {
        return false;
    };
    let mut within = version > 0;
    for note in &event.notes {
        let number = note.number;
        if number > version {
            let fact = format!(
                "version {number} of `{}` does not exist, it is at version {version}",
                event.ident()
            );
            let help =
                format!("set `version = {number}` in `#[event(..)]`, or name an earlier version");
            diag.add(Mistake::at(&note.blame, fact).help(help));
            within = false;
        } else if number < 2 {
            let fact = format!("version {number} cannot have changed anything");
            let help = "name the version that brought the change, 2 or later";
            diag.add(Mistake::at(&note.blame, fact).help(help));
            within = false;
        }
    }
    for step in &event.attrs.steps {
        let from = step.from.value;
        if from == 0 || from >= version {
            let fact = format!("there is no step from version {from}");
            let help = match version {
                0 | 1 => "add `version = 2` to `#[event(..)]`".to_owned(),
                2 => "the only step reads version 1".to_owned(),
                _ => format!("a step reads a version from 1 to {}", version - 1),
            };
            diag.add(Mistake::at(&step.from.literal, fact).help(help));
            within = false;
        }
    }
    within
}

/// A step is made by notes or by a function; a predecessor makes all of them. False if a step is made twice.
fn one_way_per_step(diag: &Diagnostics, event: &Event<'_>) -> bool {
    if let Some(from) = &event.attrs.from {
        let extra = event.notes.first().map(|note| note.blame.clone());
        let extra = extra.or_else(|| event.attrs.upcast.as_ref().map(ToTokens::to_token_stream));
        let Some(extra) = extra else {
            return true;
        };
        let predecessor = from.value.to_token_stream();
        let fact = format!("`from = {predecessor}` leaves no other step here");
        diag.add(
            Mistake::at(extra, fact)
                .note("the predecessor carries the whole chain before it")
                .help(format!("remove it, or move it to `{predecessor}`")),
        );
        return false;
    }
    let mut single = true;
    for (index, step) in event.attrs.steps.iter().enumerate() {
        let from = step.from.value;
        if event.attrs.steps[..index]
            .iter()
            .any(|earlier| earlier.from.value == from)
        {
            let fact = format!("the step from version {from} is given twice");
            diag.add(Mistake::at(&step.from.literal, fact).help("remove one"));
            single = false;
        } else if let Some(note) = event.notes_on(from + 1).next() {
            let fact = format!(
                "the step from version {from} to {} is given by a function and by this note",
                from + 1
            );
            diag.add(
                Mistake::at(&note.blame, fact)
                    .help("remove the note and let the function do it, or remove the function"),
            );
            single = false;
        }
    }
    single
}

/// Steps must lead from every stored version to the current one.
fn chain_without_holes(diag: &Diagnostics, event: &Event<'_>) {
    let Some(version) = event.version else {
        return;
    };
    if event.attrs.from.is_some() {
        return;
    }
    let covered =
        |from: u32| event.step(from).is_some() || event.notes_on(from + 1).next().is_some();
    let holes: Vec<u32> = (1..version).filter(|from| !covered(*from)).collect();
    let Some(first) = holes.first() else {
        return;
    };
    // The error is at the entry behind the hole, or at the version if the last steps are missing.
    let behind = event
        .attrs
        .steps
        .iter()
        .find(|step| step.from.value > *first);
    let blame = match (behind, &event.attrs.version) {
        (Some(step), _) => step.from.literal.to_token_stream(),
        (None, Some(Ok(version))) => version.literal.to_token_stream(),
        (None, _) => event.ident().to_token_stream(),
    };
    let list = holes
        .iter()
        .map(u32::to_string)
        .collect::<Vec<_>>()
        .join(" and ");
    let next = first + 1;
    let fact = format!(
        "event `{}` cannot be read from version {list}: no step leads from {first} to {next}",
        event.ident()
    );
    diag.add(Mistake::at(blame, fact).help(format!(
        "add `#[since({next})]` to the field that was added, or `upcast({first} => your_fn)`, or `unchanged({next})`"
    )));
}
