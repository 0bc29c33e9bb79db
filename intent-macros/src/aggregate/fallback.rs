//! What is emitted for an aggregate with mistakes: impls without content, so that no other errors follow.

use proc_macro2::TokenStream;

use super::{expand, model::Aggregate};
use crate::syntax::diag::Diagnostics;

/// The mistakes, and impls that keep the type an aggregate. An event that only rules name counts as listed, so that functions which
/// return it cause no second error.
pub(super) fn stub(aggregate: &mut Aggregate<'_>, diag: Diagnostics) -> TokenStream {
    aggregate.mend_lists();
    aggregate.attrs.split.clear();
    aggregate.attrs.retired.clear();
    // The impls of a generic aggregate would need bounds that its parameters do not have.
    if !aggregate.original.generics.params.is_empty() {
        return diag.finish();
    }
    diag.beside(expand::stub(aggregate))
}
