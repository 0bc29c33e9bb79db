//! `#[value]`.

mod attrs;
mod check;
mod expand;
mod fallback;
mod model;

use proc_macro2::TokenStream;

use crate::{
    item::derives::is_ours,
    stored::{storable, unfit},
    syntax::diag::Diagnostics,
};

/// The item with the derives of a value object, or the item with the mistakes found in it.
pub(crate) fn value(args: TokenStream, item: TokenStream) -> TokenStream {
    let diag = Diagnostics::default();
    let attrs = attrs::ValueAttrs::parse(&diag, args);
    let Some(mut value) = model::Value::new(&diag, attrs, item.clone()) else {
        return fallback::unchanged(item, diag);
    };
    if value.original.attrs.iter().any(is_ours) {
        // The other attribute makes of it what this one does, and more.
        return fallback::unchanged(item, diag);
    }
    check::check(&diag, &value);
    let fields = check::fields(&value.original.data);
    let (needed, generics) = (value.derives.names(), &value.original.generics);
    let unfit = unfit::check(&diag, needed, false, generics, fields.iter().copied());
    let lacks = storable::lack(&diag, value.derives.names(), generics, fields);
    value.derives.are_stubs = unfit || lacks;
    if value.derives.are_stubs || diag.has_errors() {
        return fallback::stub(value, diag);
    }
    expand::expand(value)
}
