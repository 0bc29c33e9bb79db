//! `#[derive(Aggregate)]`.

mod attrs;
mod check;
mod expand;
mod fallback;
mod model;

use proc_macro2::TokenStream;

use crate::{item::own::Own, stored::storable::cannot_be_stored, syntax::diag::Diagnostics};

/// What the fields of a state with snapshots must have.
const STORED: [&str; 3] = ["Serialize", "Deserialize", "JsonSchema"];

const DERIVE: Own = Own {
    derive: "Aggregate",
    attribute: "aggregate",
    field: "#[id] id: Id<..>",
    instead: "keep the state in a struct and make the alternatives an enum field",
};

/// Reports an `#[aggregate(..)]` without the derive.
pub(crate) fn without_derive(args: &TokenStream, item: TokenStream) -> TokenStream {
    DERIVE.forgotten(args, item, attrs::runtime)
}

/// The impls that make a struct an aggregate, or the mistakes found in it.
pub(crate) fn aggregate(item: TokenStream) -> TokenStream {
    let diag = Diagnostics::default();
    let Some(item) = diag.keep(syn::parse2(item)) else {
        return diag.finish();
    };
    let attrs = attrs::AggregateAttrs::parse(&diag, &item);
    // Rules are compared with the lists only if the lists were read in full.
    let lists_are_read = !diag.has_errors();
    let mut aggregate = model::Aggregate::new(&diag, attrs, &item);
    check::check(&diag, &aggregate, lists_are_read);
    let fields = aggregate.fields.iter().map(|field| field.original);
    let is_kept = aggregate.attrs.snapshot.is_some();
    let lacks = is_kept && cannot_be_stored(&diag, &STORED, &item.generics, fields);
    if lacks || diag.has_errors() {
        return fallback::stub(&mut aggregate, diag);
    }
    expand::expand(&aggregate)
}
