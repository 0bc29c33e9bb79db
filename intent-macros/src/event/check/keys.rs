//! Checks of the keys that notes add, rename and remove.

use syn::Field;

use super::super::model::{Change, Event, Note};
use crate::{
    stored::form::{find, json_key, serde_metas},
    syntax::{
        attr,
        diag::{Diagnostics, Mistake},
    },
};

/// Reports two notes of one step that contradict each other. Notes under a `cfg` are left out: a build may have only one of them.
pub(super) fn one_change_per_key(diag: &Diagnostics, event: &Event<'_>) {
    for (index, note) in event.notes.iter().enumerate() {
        let Change::Renamed { from, to, .. } = &note.change else {
            continue;
        };
        let (key, number) = (from.value(), note.number);
        let others = event.notes.iter().enumerate().filter(|(_, other)| {
            other.number == number && other.conditions.is_empty() && note.conditions.is_empty()
        });
        let contradicted = others.filter_map(|(at, other)| match &other.change {
            Change::Renamed {
                from, to: first, ..
            } if at < index && from.value() == key => Some((
                format!("`{key}` cannot become both `{first}` and `{to}` with version {number}"),
                format!(
                    "remove one of the two notes, or do the whole step by a function: `upcast({} => your_fn)`",
                    number.saturating_sub(1)
                ),
            )),
            Change::Removed { key: removed } if removed.value() == key => Some((
                format!("`{key}` is removed and renamed with version {number}"),
                format!("remove `removed({number}, \"{key}\")`, or this note"),
            )),
            _ => None,
        });
        for (fact, help) in contradicted {
            diag.add(Mistake::at(from, fact).help(help));
        }
    }
}

/// Reports a field that was renamed before it was added.
pub(super) fn named_once_it_came(diag: &Diagnostics, event: &Event<'_>) {
    for note in &event.notes {
        let Change::Since { field, .. } = &note.change else {
            continue;
        };
        let renamed = |other: &&Note<'_>| match &other.change {
            Change::Renamed { field: of, .. } => {
                other.number <= note.number && std::ptr::eq(*of, *field)
            }
            _ => false,
        };
        if let Some(earlier) = event.notes.iter().find(renamed) {
            let fact = format!(
                "a field that was added with version {} had no other name before",
                note.number
            );
            let help = "remove one of the two notes, or correct their versions";
            diag.add(Mistake::at(&earlier.blame, fact).help(help));
        }
    }
}

/// Reports notes that change nothing: a key renamed to itself, a field added twice.
pub(super) fn each_note_changes_something(diag: &Diagnostics, event: &Event<'_>) {
    for (index, note) in event.notes.iter().enumerate() {
        match &note.change {
            Change::Renamed { from, to, .. } if from.value() == *to => {
                let fact = format!("version {} renames `{to}` to itself", note.number);
                let help = "write the key that the field had before, or remove the note";
                diag.add(Mistake::at(from, fact).help(help));
            }
            Change::Since { field, .. } => {
                let is_earlier = |earlier: &Note<'_>| matches!(&earlier.change, Change::Since { field: of, .. } if std::ptr::eq(*of, *field));
                if event.notes[..index].iter().any(is_earlier) {
                    let fact = "this field is added twice";
                    diag.add(Mistake::at(&note.blame, fact).help("keep one `#[since(..)]`"));
                }
            }
            _ => {}
        }
    }
}

/// Reports a step that removes or renames a key which a field has before and after the step: older events could not be read, or would
/// lose the value.
pub(super) fn no_key_taken_from_a_field(diag: &Diagnostics, event: &Event<'_>) {
    let has_a_key = |field: &&Field| {
        let metas = serde_metas(&field.attrs);
        find(&metas, &["flatten", "skip"]).is_none() && attr::conditions(&field.attrs).is_empty()
    };
    let fields = event.original.fields.iter().filter(has_a_key);
    let mut keys: Vec<String> = fields.map(json_key).collect();
    for to in (2..=event.version.unwrap_or(1)).rev() {
        // A function may change any key.
        if event.attrs.from.is_some() || event.step(to - 1).is_some() {
            return;
        }
        keys.retain(|key| {
            !event
                .notes_on(to)
                .any(|note| added(&note.change).as_ref() == Some(key))
        });
        for note in event.notes_on(to).filter(|note| note.conditions.is_empty()) {
            let Some(key) = expected(&note.change) else {
                continue;
            };
            if !keys.contains(&key) {
                keys.push(key);
                continue;
            }
            let (blame, became) = match &note.change {
                Change::Removed { key: blame } => (blame, "is removed".to_owned()),
                Change::Renamed { from, to, .. } => (from, format!("becomes `{to}`")),
                Change::Since { .. } | Change::Unchanged => continue,
            };
            let name = event.ident();
            let fact = format!(
                "with version {to} `{key}` {became}, and `{name}` has a field `{key}` before and after it"
            );
            let help = format!(
                "correct the name, or add `#[since({to})]` to the field `{key}` if it is a new one"
            );
            diag.add(Mistake::at(blame, fact).help(help));
        }
    }
}

pub(in super::super) fn expected(change: &Change<'_>) -> Option<String> {
    match change {
        Change::Renamed { from: key, .. } | Change::Removed { key } => Some(key.value()),
        Change::Since { .. } | Change::Unchanged => None,
    }
}

pub(in super::super) fn added(change: &Change<'_>) -> Option<String> {
    match change {
        Change::Renamed { to, .. } => Some(to.clone()),
        // Only its type knows which keys a flattened field has.
        Change::Since { field, .. } if find(&serde_metas(&field.attrs), &["flatten"]).is_some() => {
            None
        }
        Change::Since { key, .. } => Some(key.clone()),
        Change::Removed { .. } | Change::Unchanged => None,
    }
}
