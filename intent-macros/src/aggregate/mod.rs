//! `#[derive(Aggregate)]`.

mod attrs;
mod check;
mod expand;
mod fallback;
mod model;

use proc_macro2::TokenStream;

use crate::{diag::Diagnostics, storable};

/// What the fields of a state with snapshots must have.
const STORED: [&str; 3] = ["Serialize", "Deserialize", "JsonSchema"];

/// The impls that make a struct an aggregate, or the mistakes found in it.
pub(crate) fn aggregate(item: TokenStream) -> TokenStream {
    let diag = Diagnostics::default();
    let Some(item) = diag.keep(syn::parse2(item)) else {
        return diag.finish();
    };
    let attrs = attrs::AggregateAttrs::parse(&diag, &item);
    // Rules are compared with lists that were read in full, or not at all.
    let lists_are_read = !diag.has_errors();
    let mut aggregate = model::Aggregate::new(&diag, attrs, &item);
    check::check(&diag, &aggregate, lists_are_read);
    let fields = aggregate.fields.iter().map(|field| field.original);
    let is_kept = aggregate.attrs.snapshot.is_some();
    let lacks = is_kept && storable::lack(&diag, STORED, &item.generics, fields);
    if lacks || diag.has_errors() {
        return fallback::stub(&mut aggregate, diag);
    }
    expand::expand(&aggregate)
}
