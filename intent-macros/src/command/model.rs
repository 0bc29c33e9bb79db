//! What the user wrote about a command.

use syn::{Attribute, Field, Ident, ItemStruct};

use super::attrs::CommandAttrs;
use crate::{
    item::{derives::Derives, shape::Marked},
    syntax::{attr, diag::Diagnostics, paths::is_called, symbol::ID},
};

pub(super) struct Command<'a> {
    pub(super) original: &'a ItemStruct,
    pub(super) attrs: CommandAttrs,
    pub(super) derives: Derives,
}

impl<'a> Command<'a> {
    pub(super) fn new(diag: &Diagnostics, attrs: CommandAttrs, item: &'a ItemStruct) -> Self {
        Self {
            original: item,
            attrs,
            derives: Derives::missing(diag, "command", &item.ident, &item.attrs),
        }
    }

    pub(super) fn ident(&self) -> &'a Ident {
        &self.original.ident
    }

    /// The fields, each with its mark `#[id]` if it has one.
    pub(super) fn fields(&self) -> impl Iterator<Item = Marked<'a>> + Clone {
        let fields = self.original.fields.iter();
        fields.map(|field| (field, field.attrs.iter().find(|found| attr::is(found, ID))))
    }

    /// The fields marked with `#[id]`, each with the mark.
    pub(super) fn ids(&self) -> impl Iterator<Item = (&'a Field, &'a Attribute)> {
        self.fields()
            .filter_map(|(field, mark)| Some((field, mark?)))
    }

    /// The field that is probably the id if none is marked: the only `Id<..>`.
    pub(super) fn unmarked_id(&self) -> Option<&'a Field> {
        let is_id = |field: &&Field| field.ident.is_some() && is_called(&field.ty, "Id");
        let mut candidates = self.original.fields.iter().filter(is_id);
        candidates.next().filter(|_| candidates.next().is_none())
    }

    /// The fields that are not marked with `#[id]`.
    pub(super) fn values(&self) -> impl Iterator<Item = &'a Field> {
        self.fields()
            .filter_map(|(field, mark)| mark.is_none().then_some(field))
    }
}
