//! What the user wrote about an event.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Attribute, Expr, Field, Fields, Ident, ItemStruct, LitStr, ext::IdentExt as _};

use super::attrs::{self, EventAttrs, Step};
use crate::{
    item::derives::Derives,
    stored::form::{find, json_key},
    syntax::{
        attr::{self, Number},
        diag::Diagnostics,
        symbol::{RENAMED, SINCE},
    },
};

pub(super) struct Event<'a> {
    pub(super) original: &'a ItemStruct,
    pub(super) attrs: EventAttrs,
    /// `None` if the version that was written cannot be read.
    pub(super) version: Option<u32>,
    pub(super) notes: Vec<Note<'a>>,
    pub(super) derives: Derives,
}

/// One change of the shape, in the step that leads to version `number`.
pub(super) struct Note<'a> {
    pub(super) number: u32,
    pub(super) blame: TokenStream,
    pub(super) change: Change<'a>,
    /// The `#[cfg(..)]`s of the field that it stands on.
    pub(super) conditions: Vec<&'a Attribute>,
}

pub(super) enum Change<'a> {
    Since {
        field: &'a Field,
        key: String,
        default: Option<Box<Expr>>,
    },
    Renamed {
        field: &'a Field,
        from: LitStr,
        to: String,
    },
    Removed {
        key: LitStr,
    },
    Unchanged,
}

impl<'a> Event<'a> {
    pub(super) fn new(diag: &Diagnostics, attrs: EventAttrs, item: &'a ItemStruct) -> Self {
        let version = match &attrs.version {
            None => Some(1),
            Some(Ok(number)) => Some(number.value),
            Some(Err(())) => None,
        };
        let mut notes: Vec<Note<'a>> = item
            .fields
            .iter()
            .flat_map(|field| field_notes(diag, field))
            .collect();
        notes.extend(attrs.removed.iter().map(|(number, key)| {
            let key = key.clone();
            note(number, Change::Removed { key })
        }));
        notes.extend(
            attrs
                .unchanged
                .iter()
                .map(|number| note(number, Change::Unchanged)),
        );
        Self {
            original: item,
            attrs,
            version,
            notes,
            derives: Derives::missing(diag, "event", &item.ident, &item.attrs),
        }
    }

    pub(super) fn ident(&self) -> &'a Ident {
        &self.original.ident
    }

    /// The name it is stored under.
    pub(super) fn name(&self) -> String {
        match &self.attrs.name {
            Some(name) => name.value(),
            None => self.ident().unraw().to_string(),
        }
    }

    /// The function that reads version `from`.
    pub(super) fn step(&self, from: u32) -> Option<&Step> {
        self.attrs.steps.iter().find(|step| step.from.value == from)
    }

    pub(super) fn notes_on(&self, to: u32) -> impl Iterator<Item = &Note<'a>> {
        self.notes.iter().filter(move |note| note.number == to)
    }

    /// Whether we derive both of serde's traits.
    pub(super) fn derives_serde(&self) -> bool {
        self.derives.has("Serialize") && self.derives.has("Deserialize")
    }

    pub(super) fn is_unit(&self) -> bool {
        matches!(self.original.fields, Fields::Unit)
    }

    pub(super) fn is_newtype(&self) -> bool {
        matches!(self.original.fields, Fields::Unnamed(_))
    }
}

/// Whether an attribute is ours and must be removed from the field. Behind a condition it is reported, and removed so that rustc does
/// not report it too.
pub(super) fn is_note(attribute: &Attribute) -> bool {
    let conditional = || {
        attr::cfg_attr(attribute)
            .is_some_and(|(_, metas)| find(&metas, &[SINCE, RENAMED]).is_some())
    };
    attr::is(attribute, SINCE) || attr::is(attribute, RENAMED) || conditional()
}

fn note<'a>(number: &Number, change: Change<'a>) -> Note<'a> {
    Note {
        number: number.value,
        blame: number.literal.to_token_stream(),
        change,
        conditions: Vec::new(),
    }
}

/// The notes on a field. Each has the key that the field had in that version, before later notes renamed it: later steps find the keys
/// that their version stored.
fn field_notes<'a>(diag: &Diagnostics, field: &'a Field) -> Vec<Note<'a>> {
    let key = json_key(field);
    let read = |attribute: &Attribute| {
        if attr::is(attribute, SINCE) {
            let (number, default) = diag.keep(attrs::since(attribute))?;
            let key = key.clone();
            let default = default.map(Box::new);
            let change = Change::Since {
                field,
                key,
                default,
            };
            return Some(note(&number, change));
        }
        if attr::is(attribute, RENAMED) {
            let (number, from) = diag.keep(attrs::renamed(attribute))?;
            let change = Change::Renamed {
                field,
                from: from?,
                to: key.clone(),
            };
            return Some(note(&number, change));
        }
        None
    };
    let notes = field.attrs.iter().filter_map(read);
    let conditions = attr::conditions(&field.attrs);
    let mut notes: Vec<Note<'a>> = notes
        .map(|note| Note {
            conditions: conditions.clone(),
            ..note
        })
        .collect();
    let renames: Vec<(u32, String)> = notes
        .iter()
        .filter_map(|note| match &note.change {
            Change::Renamed { from, .. } => Some((note.number, from.value())),
            _ => None,
        })
        .collect();
    for note in &mut notes {
        let later = renames.iter().filter(|(number, _)| *number > note.number);
        let Some((_, then)) = later.min_by_key(|(number, _)| *number) else {
            continue;
        };
        match &mut note.change {
            Change::Since { key, .. } | Change::Renamed { to: key, .. } => key.clone_from(then),
            Change::Removed { .. } | Change::Unchanged => {}
        }
    }
    notes
}
