//! What the user wrote about a value object.

use proc_macro2::TokenStream;
use syn::DeriveInput;

use super::attrs::ValueAttrs;
use crate::{
    item::{derives::Derives, shape::parsed},
    syntax::diag::{Diagnostics, Mistake},
};

/// A value object. It owns its item, since the macro only adds attributes above it.
pub(super) struct Value {
    pub(super) attrs: ValueAttrs,
    pub(super) original: DeriveInput,
    pub(super) derives: Derives,
}

impl Value {
    /// `None`, with the mistake reported, for anything that is not a type.
    pub(super) fn new(diag: &Diagnostics, attrs: ValueAttrs, item: TokenStream) -> Option<Self> {
        let original: DeriveInput = parsed(diag, item, |other| {
            let fact = "`#[value]` needs a struct or an enum, found another item";
            Mistake::at(other, fact).help("remove it")
        })?;
        let derives = Derives::missing(diag, "value", &original.ident, &original.attrs);
        Some(Self {
            attrs,
            original,
            derives,
        })
    }
}
