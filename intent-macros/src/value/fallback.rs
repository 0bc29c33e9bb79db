//! What is emitted for a value with mistakes.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Data;

use super::{expand, model::Value};
use crate::syntax::diag::Diagnostics;

/// The mistakes beside the type, with its derives unless it is a union or borrows.
pub(super) fn stub(value: Value, diag: Diagnostics) -> TokenStream {
    let derivable = !matches!(value.original.data, Data::Union(_))
        && value.original.generics.lifetimes().next().is_none();
    let item = match derivable {
        true => expand::expand(value),
        false => {
            let item = value.original;
            quote!(#item)
        }
    };
    diag.beside(item)
}
