//! `#[event]`.

mod attrs;
mod check;
mod expand;
mod fallback;
mod model;

use proc_macro2::TokenStream;

use crate::{
    item::shape::structure, stored::storable::cannot_be_stored, syntax::diag::Diagnostics,
};

/// The struct with its impls, or the item with the mistakes found in it.
pub(crate) fn event(args: TokenStream, item: TokenStream) -> TokenStream {
    let diag = Diagnostics::default();
    let attrs = attrs::EventAttrs::parse(&diag, args);
    let Some(input) = structure(&diag, "event", "a struct", item.clone()) else {
        return diag.beside(item);
    };
    let mut event = model::Event::new(&diag, attrs, &input);
    check::check(&diag, &event);
    let (generics, fields) = (&event.original.generics, &event.original.fields);
    let needed = event.derives.names();
    event.derives.are_stubs = cannot_be_stored(&diag, needed, generics, fields);
    if event.derives.are_stubs || diag.has_errors() {
        return fallback::stub(&event, diag);
    }
    expand::expand(&event)
}
