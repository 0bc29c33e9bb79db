//! What the user wrote about a value object.

use proc_macro2::TokenStream;
use syn::DeriveInput;

use super::attrs::ValueAttrs;
use crate::{derives::Derives, diag::Diagnostics};

/// A value object. It owns its item: all that happens to the item is that attributes are put above it.
pub(super) struct Value {
    pub(super) attrs: ValueAttrs,
    pub(super) original: DeriveInput,
    pub(super) derives: Derives,
}

impl Value {
    /// `None`, with the mistake reported, for anything that is not a type.
    pub(super) fn new(diag: &Diagnostics, attrs: ValueAttrs, item: TokenStream) -> Option<Self> {
        let original: DeriveInput = diag.keep(syn::parse2(item))?;
        let derives = Derives::missing(diag, "value", &original.ident, &original.attrs);
        Some(Self {
            attrs,
            original,
            derives,
        })
    }
}
