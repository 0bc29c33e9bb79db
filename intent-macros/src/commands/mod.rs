//! `#[commands]`.

mod attrs;
mod check;
mod expand;
mod fallback;
mod forgotten;
mod model;
mod names;

use proc_macro2::TokenStream;
use quote::ToTokens as _;

use crate::{
    derives::OURS,
    diag::{Diagnostics, Mistake},
    storable,
};

/// The impl as it was written, with a command for each marked function, or with the mistakes found in it.
pub(crate) fn commands(args: TokenStream, item: TokenStream) -> TokenStream {
    let diag = Diagnostics::default();
    let attrs = attrs::CommandsAttrs::parse(&diag, args);
    let Some(input) = model::Input::parse(&diag, item.clone()) else {
        return fallback::unchanged(item, diag);
    };
    let mut block = model::Block::new(&diag, attrs, &input);
    check::check(&diag, &block);
    let generics = &block.original.generics;
    let functions = block.functions.iter();
    let made = functions.filter(|function| function.is_generated());
    let fields: Vec<_> = made
        .flat_map(|function| expand::fields(&block, function))
        .collect();
    block.lacks_values = storable::lack(&diag, OURS, generics, &fields);
    if block.lacks_values || diag.has_errors() {
        return fallback::stub(&block, diag);
    }
    expand::expand(&block)
}

/// `#[create]` or `#[handle]` that no block has read: the block is missing.
pub(crate) fn mark_outside_a_block(word: &str, item: TokenStream) -> TokenStream {
    let diag = Diagnostics::default();
    let blame = match syn::parse2::<syn::ImplItemFn>(item.clone()) {
        Ok(function) => function.sig.ident.into_token_stream(),
        Err(_) => item.clone(),
    };
    let fact = format!("`#[{word}]` stands outside a `#[commands]` block");
    diag.add(Mistake::at(blame, fact).help("add `#[commands]` above the `impl`"));
    fallback::unchanged(item, diag)
}
