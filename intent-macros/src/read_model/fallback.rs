//! What is emitted for a read model with mistakes: an impl without content, so that no other errors follow.

use proc_macro2::TokenStream;

use super::{expand, model::ReadModel};
use crate::syntax::diag::Diagnostics;

/// The mistakes, and an impl that keeps the type a read model.
pub(super) fn stub(model: &ReadModel<'_>, diag: Diagnostics) -> TokenStream {
    // The impl of a generic model would need bounds that its parameters do not have.
    if !model.original.generics.params.is_empty() {
        return diag.finish();
    }
    diag.beside(expand::stub(model))
}
