//! What is left of a block with mistakes: the impl and its commands, so that their uses are no other errors.

use proc_macro2::TokenStream;
use quote::quote;

use super::{expand, model::Block};
use crate::syntax::diag::Diagnostics;

/// The mistakes beside an item that is not an impl.
pub(super) fn unchanged(item: TokenStream, diag: Diagnostics) -> TokenStream {
    let errors = diag.finish();
    quote! { #item #errors }
}

/// The mistakes beside the impl without our marks, and its commands.
pub(super) fn stub(block: &Block<'_>, diag: Diagnostics) -> TokenStream {
    let errors = diag.finish();
    let stub = expand::stub(block);
    quote! { #stub #errors }
}
