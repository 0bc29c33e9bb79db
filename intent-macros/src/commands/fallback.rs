//! What is emitted for a block with mistakes: the impl and its commands, so that their uses cause no other errors.

use proc_macro2::TokenStream;

use super::{expand, model::Block};
use crate::syntax::diag::Diagnostics;

/// The mistakes beside the impl without our marks, and its commands.
pub(super) fn stub(block: &Block<'_>, diag: Diagnostics) -> TokenStream {
    diag.beside(expand::stub(block))
}
