//! `#[value]`.

mod attrs;
mod check;
mod column;
mod expand;
mod fallback;
mod model;

use proc_macro2::TokenStream;

use crate::{
    item::derives::is_ours, stored::storable::cannot_be_stored, syntax::diag::Diagnostics,
};

/// The item with the derives of a value object, or the item with the mistakes found in it.
pub(crate) fn value(args: TokenStream, item: TokenStream) -> TokenStream {
    let diag = Diagnostics::default();
    let attrs = attrs::ValueAttrs::parse(&diag, args);
    let Some(mut value) = model::Value::new(&diag, attrs, item.clone()) else {
        return diag.beside(item);
    };
    if value.original.attrs.iter().any(is_ours) {
        // The other attribute does what this one does, and more.
        return diag.beside(item);
    }
    check::check(&diag, &value);
    let fields = check::fields(&value.original.data);
    let (needed, generics) = (value.derives.names(), &value.original.generics);
    value.derives.are_stubs = cannot_be_stored(&diag, needed, generics, fields);
    if value.derives.are_stubs || diag.has_errors() {
        return fallback::stub(value, diag);
    }
    expand::expand(value)
}
