//! `#[commands]`.

mod attrs;
mod check;
mod expand;
mod fallback;
mod model;

use proc_macro2::TokenStream;

use crate::diag::Diagnostics;

/// The impl as it was written, with a command for each marked function, or with the mistakes found in it.
pub(crate) fn commands(args: TokenStream, item: TokenStream) -> TokenStream {
    let diag = Diagnostics::default();
    let attrs = attrs::CommandsAttrs::parse(&diag, args);
    let Some(input) = model::Input::parse(&diag, item.clone()) else {
        return fallback::unchanged(item, diag);
    };
    let block = model::Block::new(&diag, attrs, &input);
    check::check(&diag, &block);
    if diag.has_errors() {
        return fallback::stub(&block, diag);
    }
    expand::expand(&block)
}
