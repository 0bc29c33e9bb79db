//! `#[command]`.

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

pub(crate) use expand::CommandImpl;

/// The struct with all that makes it a command, or the item with the mistakes found in it.
pub(crate) fn command(args: TokenStream, item: TokenStream) -> TokenStream {
    let diag = Diagnostics::default();
    let attrs = attrs::CommandAttrs::parse(&diag, args);
    let Some(input) = model::Input::parse(&diag, item.clone()) else {
        return fallback::unchanged(item, diag);
    };
    let mut command = model::Command::new(&diag, attrs, &input);
    check::check(&diag, &command);
    let generics = &command.original.generics;
    let unfit = unfit::check(
        &diag,
        command.derives.names(),
        true,
        generics,
        command.values(),
    );
    let lacks = storable::lack(&diag, command.derives.names(), generics, command.values());
    command.derives.are_stubs = unfit || lacks;
    if command.derives.are_stubs || diag.has_errors() {
        return fallback::stub(&command, diag);
    }
    expand::expand(&command)
}
