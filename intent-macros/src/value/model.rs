//! What the user wrote about a value object.

use proc_macro2::TokenStream;
use syn::{DeriveInput, Item};

use super::attrs::ValueAttrs;
use crate::{
    item::derives::Derives,
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
        let original: DeriveInput = match syn::parse2(item.clone()) {
            Ok(original) => original,
            Err(error) => {
                // We explain an item of another kind. Anything that is not an item is a syntax error.
                diag.add(match syn::parse2::<Item>(item) {
                    Ok(other) => {
                        let fact = "`#[value]` needs a struct or an enum, found another item";
                        Mistake::at(other, fact).help("remove it").into()
                    }
                    Err(_) => error,
                });
                return None;
            }
        };
        let derives = Derives::missing(diag, "value", &original.ident, &original.attrs);
        Some(Self {
            attrs,
            original,
            derives,
        })
    }
}
