//! What is left of an aggregate with mistakes: impls without content, so that no other errors follow.

use proc_macro2::TokenStream;

use super::{expand, model::Aggregate};
use crate::syntax::diag::Diagnostics;

/// The mistakes, and what makes the type an aggregate still. An event that only rules name is one of its events: what
/// returns it is no other mistake.
pub(super) fn stub(aggregate: &mut Aggregate<'_>, diag: Diagnostics) -> TokenStream {
    aggregate.mend_lists();
    aggregate.attrs.split.clear();
    aggregate.attrs.retired.clear();
    // The impls of a generic aggregate would have to promise what its parameters do not.
    if !aggregate.original.generics.params.is_empty() {
        return diag.finish();
    }
    diag.beside(expand::stub(aggregate))
}
