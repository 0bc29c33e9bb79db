//! What the user wrote about a read model.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Attribute, Data, DeriveInput, Ident, Type, ext::IdentExt as _};

use super::attrs::{Mode, ReadModelAttrs};
use crate::{
    rules::{
        check::Lists,
        entry::{Entry, Namesake},
        rule::Field,
        subject::Subject,
    },
    syntax::{
        attr::{Keyed, is},
        diag::Diagnostics,
        paths::{last_ident, same},
        respan::{replace_self, snake_case},
        symbol::{INDEX, KEY, UNIQUE},
    },
};

/// How many fields a key can have.
pub(super) const LONGEST_KEY: usize = 4;

/// A read model as its author describes it.
pub(super) struct ReadModel<'a> {
    pub(super) original: &'a DeriveInput,
    pub(super) attrs: ReadModelAttrs,
    /// Empty if it is not a struct with named fields.
    pub(super) fields: Vec<Field<'a>>,
}

/// What an event of a list does to a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Begins,
    Changes,
    Removes,
}

impl<'a> ReadModel<'a> {
    pub(super) fn new(
        diag: &Diagnostics,
        mut attrs: ReadModelAttrs,
        item: &'a DeriveInput,
    ) -> Self {
        let fields = match &item.data {
            Data::Struct(data) => data
                .fields
                .iter()
                .filter_map(|field| Field::new(diag, field, KEY))
                .collect(),
            Data::Enum(_) | Data::Union(_) => Vec::new(),
        };
        note_namesakes(&mut attrs);
        Self {
            original: item,
            attrs,
            fields,
        }
    }

    pub(super) fn ident(&self) -> &'a Ident {
        &self.original.ident
    }

    /// Whether its rows are written with the events that change them.
    pub(super) fn is_inline(&self) -> bool {
        self.attrs.mode == Some(Mode::Inline)
    }

    /// What its rules change.
    pub(super) fn subject(&self) -> Subject {
        match self.is_inline() {
            true => Subject::InlineRow,
            false => Subject::Row,
        }
    }

    /// The name of its table.
    pub(super) fn table(&self) -> String {
        match &self.attrs.table {
            Some(table) => table.value(),
            None => snake_case(&self.ident().unraw().to_string()),
        }
    }

    /// The fields of the key, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Field<'a>> + Clone {
        self.fields.iter().filter(|field| field.key.is_some())
    }

    /// The fields in the order of their columns: those of the key first.
    pub(super) fn columns(&self) -> impl Iterator<Item = &Field<'a>> + Clone {
        let others = self.fields.iter().filter(|field| field.key.is_none());
        self.keys().chain(others)
    }

    /// The type of the key: that of its field, or a tuple.
    pub(super) fn key_type(&self) -> TokenStream {
        let types = self.keys().take(LONGEST_KEY);
        let types = types.filter(|field| cannot_be_compared(field).is_none());
        let types: Vec<TokenStream> = types
            .map(|field| replace_self(field.ty(), self.ident()))
            .collect();
        match types.as_slice() {
            // The key is missing or wrong, which is reported. Any type stands for it.
            [] => quote!(::core::primitive::u64),
            [one] => one.clone(),
            // An error about the tuple names the type that is wrong, and stands at the struct's name.
            several => quote_spanned!(self.ident().span()=> (#(#several),*)),
        }
    }

    /// The entries of the list that has this role.
    pub(super) fn with_role(&self, role: Role) -> impl Iterator<Item = &Entry> + Clone {
        let list = match role {
            Role::Begins => &self.attrs.created_by,
            Role::Changes => &self.attrs.events,
            Role::Removes => &self.attrs.removed_by,
        };
        list.iter().flat_map(|list| &list.value)
    }

    /// All entries; those that begin a row come first.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Role, &Entry)> + Clone {
        [Role::Begins, Role::Changes, Role::Removes]
            .into_iter()
            .flat_map(|role| self.with_role(role).map(move |entry| (role, entry)))
    }

    /// The lists, for the checks of rules.
    pub(super) fn lists(&self) -> Lists<'_> {
        Lists {
            owner: self.ident(),
            attribute: "#[read_model(..)]",
            is_not: "is in no list of",
            entries: self.entries().map(|(_, entry)| entry).collect(),
            has_events: self.attrs.events.is_some(),
        }
    }
}

/// Whether a field has `#[index]`.
pub(super) fn is_indexed(field: &Field<'_>) -> bool {
    marks(field, INDEX).next().is_some()
}

/// Whether a field has `#[unique]`.
pub(super) fn is_unique(field: &Field<'_>) -> bool {
    marks(field, UNIQUE).next().is_some()
}

/// The attributes of a field that have a name.
pub(super) fn marks<'a>(
    field: &Field<'a>,
    name: &'static str,
) -> impl Iterator<Item = &'a Attribute> + use<'a> {
    let attributes = field.original.attrs.iter();
    attributes.filter(move |attribute| is(attribute, name))
}

/// A type of column that no key has, if the field has one of those that are known by name.
pub(super) fn cannot_be_compared(field: &Field<'_>) -> Option<String> {
    let Type::Path(path) = field.ty() else {
        return None;
    };
    let name = last_ident(&path.path)?.to_string();
    let known = ["f32", "f64", "Option", "Json"];
    known.contains(&name.as_str()).then_some(name)
}

/// Tells the events of one name apart.
fn note_namesakes(attrs: &mut ReadModelAttrs) {
    let lists = [
        &mut attrs.created_by,
        &mut attrs.events,
        &mut attrs.removed_by,
    ];
    let mut entries: Vec<&mut Entry> = lists
        .into_iter()
        .flatten()
        .flat_map(|list: &mut Keyed<Vec<Entry>>| &mut list.value)
        .collect();
    for index in 0..entries.len() {
        let others = entries.iter().enumerate();
        let namesakes = others
            .filter(|(other, entry)| *other != index && entry.ident() == entries[index].ident());
        let mut namesake = Namesake::None;
        for (_, other) in namesakes {
            if !same(&other.event, &entries[index].event) {
                namesake = Namesake::OtherType;
                break;
            }
            namesake = Namesake::OneType;
        }
        entries[index].namesake = namesake;
    }
}

impl Role {
    /// The list that has it.
    pub(super) fn list(self) -> &'static str {
        match self {
            Self::Begins => "created_by",
            Self::Changes => "events",
            Self::Removes => "removed_by",
        }
    }
}
