//! What the user wrote about a command.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Attribute, Field, Ident, Item, ItemStruct, Type};

use super::attrs::CommandAttrs;
use crate::{
    item::derives::Derives,
    syntax::{
        attr,
        diag::{Diagnostics, Mistake},
        paths::last_ident,
        symbol::ID,
    },
};

/// The struct under `#[command]`, which the model borrows from.
pub(super) struct Input {
    item: ItemStruct,
}

impl Input {
    /// `None`, with the mistake reported, for anything that is not a struct.
    pub(super) fn parse(diag: &Diagnostics, item: TokenStream) -> Option<Self> {
        let (keyword, found) = match diag.keep(syn::parse2(item))? {
            Item::Struct(item) => return Some(Self { item }),
            Item::Enum(item) => (item.enum_token.into_token_stream(), "an enum"),
            Item::Union(item) => (item.union_token.into_token_stream(), "a union"),
            other => (other.into_token_stream(), "another item"),
        };
        let fact = format!("`#[command]` needs a struct with named fields, found {found}");
        let help = "make it a struct; for several alternatives write one command each";
        diag.add(Mistake::at(keyword, fact).help(help));
        None
    }
}

/// A command as its author describes it.
pub(super) struct Command<'a> {
    pub(super) original: &'a ItemStruct,
    pub(super) attrs: CommandAttrs,
    pub(super) derives: Derives,
}

impl<'a> Command<'a> {
    pub(super) fn new(diag: &Diagnostics, attrs: CommandAttrs, input: &'a Input) -> Self {
        let item = &input.item;
        Self {
            original: item,
            attrs,
            derives: Derives::missing(diag, "command", &item.ident, &item.attrs),
        }
    }

    pub(super) fn ident(&self) -> &'a Ident {
        &self.original.ident
    }

    /// The fields marked with `#[id]`, each with the mark.
    pub(super) fn ids(&self) -> impl Iterator<Item = (&'a Field, &'a Attribute)> {
        self.original.fields.iter().filter_map(|field| {
            let mark = field.attrs.iter().find(|found| attr::is(found, ID))?;
            Some((field, mark))
        })
    }

    /// The field that is most likely the id where none is marked: the only `Id<..>`.
    pub(super) fn unmarked_id(&self) -> Option<&'a Field> {
        let is_id = |ty: &Type| matches!(ty, Type::Path(path) if last_ident(&path.path).is_some_and(|ident| ident == "Id"));
        let is_named_id = |field: &&Field| field.ident.is_some() && is_id(&field.ty);
        let mut candidates = self.original.fields.iter().filter(is_named_id);
        candidates.next().filter(|_| candidates.next().is_none())
    }

    /// The fields that are not marked with `#[id]`.
    pub(super) fn values(&self) -> impl Iterator<Item = &'a Field> {
        let fields = self.original.fields.iter();
        fields.filter(|field| !field.attrs.iter().any(|found| attr::is(found, ID)))
    }
}
