//! `#[event]`.

mod attrs;
mod check;
mod expand;
mod fallback;
mod model;

use proc_macro2::TokenStream;

use crate::{
    stored::{storable, unfit},
    syntax::diag::Diagnostics,
};

/// The item with all that makes it an event, or the item with the mistakes found in it.
pub(crate) fn event(args: TokenStream, item: TokenStream) -> TokenStream {
    let diag = Diagnostics::default();
    let attrs = attrs::EventAttrs::parse(&diag, args);
    let Some(input) = model::Input::parse(&diag, item.clone()) else {
        return fallback::unchanged(item, diag);
    };
    let mut event = model::Event::new(&diag, attrs, &input);
    check::check(&diag, &event);
    let (generics, fields) = (&event.original.generics, &event.original.fields);
    let unfit = unfit::check(&diag, event.derives.names(), true, generics, fields);
    let lacks = storable::lack(&diag, event.derives.names(), generics, fields);
    event.derives.are_stubs = unfit || lacks;
    if event.derives.are_stubs || diag.has_errors() {
        return fallback::stub(&event, diag);
    }
    expand::expand(&event)
}
