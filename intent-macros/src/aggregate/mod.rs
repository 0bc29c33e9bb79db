//! `#[derive(Aggregate)]`.

mod attrs;
mod check;
mod expand;
mod fallback;
mod model;

use proc_macro2::TokenStream;

use crate::diag::Diagnostics;

/// The impls that make a struct an aggregate, or the mistakes found in it.
pub(crate) fn aggregate(item: TokenStream) -> TokenStream {
    let diag = Diagnostics::default();
    let Some(item) = diag.keep(syn::parse2(item)) else {
        return diag.finish();
    };
    let attrs = attrs::AggregateAttrs::parse(&diag, &item);
    let aggregate = model::Aggregate::new(&diag, attrs, &item);
    check::check(&diag, &aggregate);
    if diag.has_errors() {
        return fallback::stub(&aggregate, diag);
    }
    expand::expand(&aggregate)
}
