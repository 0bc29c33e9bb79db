//! `#[commands]`.

mod attrs;
mod check;
mod expand;
mod fallback;
mod model;

pub(crate) use check::outside;

use proc_macro2::TokenStream;

use crate::{item::derives::OURS, stored::storable::cannot_be_stored, syntax::diag::Diagnostics};

/// The impl as it was written, with a command for each marked function, or with the mistakes found in it.
pub(crate) fn commands(args: TokenStream, item: TokenStream) -> TokenStream {
    let diag = Diagnostics::default();
    let runtime = attrs::parse(&diag, args);
    let Some(input) = model::parse(&diag, item.clone()) else {
        return diag.beside(item);
    };
    let mut block = model::Block::new(&diag, runtime, &input);
    check::check(&diag, &block);
    let generics = &block.original.generics;
    let functions = block.functions.iter();
    let made = functions.filter(|function| function.is_generated());
    let fields: Vec<_> = made
        .flat_map(|function| expand::fields(&block, function))
        .collect();
    block.lacks_values = cannot_be_stored(&diag, &OURS, generics, &fields);
    if block.lacks_values || diag.has_errors() {
        return fallback::stub(&block, diag);
    }
    expand::expand(&block)
}
