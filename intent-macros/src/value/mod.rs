//! `#[value]`.

mod attrs;
mod check;
mod expand;
mod fallback;
mod model;

use proc_macro2::TokenStream;

use crate::{diag::Diagnostics, storable};

/// The item with the derives of a value object, or the item with the mistakes found in it.
pub(crate) fn value(args: TokenStream, item: TokenStream) -> TokenStream {
    let diag = Diagnostics::default();
    let attrs = attrs::ValueAttrs::parse(&diag, args);
    let Some(mut value) = model::Value::new(&diag, attrs, item.clone()) else {
        return fallback::unchanged(item, diag);
    };
    check::check(&diag, &value);
    let fields = check::fields(&value.original.data);
    value.derives.are_stubs = storable::lack(
        &diag,
        value.derives.names(),
        &value.original.generics,
        fields,
    );
    if value.derives.are_stubs || diag.has_errors() {
        return fallback::stub(value, diag);
    }
    expand::expand(value)
}
