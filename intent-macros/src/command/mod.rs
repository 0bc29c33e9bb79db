//! `#[command]`.

mod attrs;
mod check;
mod expand;
mod fallback;
mod model;

use proc_macro2::TokenStream;

use crate::{
    item::shape::structure, stored::storable::cannot_be_stored, syntax::diag::Diagnostics,
};

pub(crate) use expand::CommandImpl;

/// The struct with its impls, or the item with the mistakes found in it.
pub(crate) fn command(args: TokenStream, item: TokenStream) -> TokenStream {
    let diag = Diagnostics::default();
    let attrs = attrs::CommandAttrs::parse(&diag, args);
    let needs = "a struct with named fields";
    let Some(input) = structure(&diag, "command", needs, item.clone()) else {
        return diag.beside(item);
    };
    let mut command = model::Command::new(&diag, attrs, &input);
    check::check(&diag, &command);
    let generics = &command.original.generics;
    let (needed, fields) = (command.derives.names(), command.values());
    command.derives.are_stubs = cannot_be_stored(&diag, needed, generics, fields);
    if command.derives.are_stubs || diag.has_errors() {
        return fallback::stub(&command, diag);
    }
    expand::expand(&command)
}
