//! Marks that no `#[commands]` block has read.

use std::{cell::RefCell, collections::HashMap, path::PathBuf};

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{ImplItemFn, Item};

use crate::syntax::diag::{Diagnostics, Mistake};

/// Reports a `#[create]` or `#[handle]` that no block has read: the block is missing, or the mark is not on a function.
pub(crate) fn mark(word: &str, item: TokenStream) -> TokenStream {
    let diag = Diagnostics::default();
    if !is_first() {
        return diag.beside(item);
    }
    diag.add(match syn::parse2::<ImplItemFn>(item.clone()) {
        Ok(function) => {
            let fact = format!("no `#[commands]` block has read `#[{word}]`");
            let help = "add `#[commands]` above the `impl`, or take the mark out of its `cfg_attr`";
            Mistake::at(function.sig.ident, fact).help(help)
        }
        Err(_) => {
            let fact = format!("`#[{word}]` marks a function of a `#[commands]` block");
            match syn::parse2(item.clone()) {
                Ok(Item::Impl(block)) => {
                    let help = format!("write `#[commands]` instead of `#[{word}]`");
                    Mistake::at(block.self_ty.to_token_stream(), fact).help(help)
                }
                _ => Mistake::at(item.clone(), fact).help("remove it"),
            }
        }
    });
    diag.beside(item)
}

thread_local! {
    /// The line of the first mark of each file that stands outside a block.
    static FIRST: RefCell<HashMap<PathBuf, usize>> = RefCell::default();
}

/// Whether this mark is the first in its file without a block. A forgotten block is one mistake, whatever the number of its functions.
pub(in super::super) fn is_first() -> bool {
    if !proc_macro::is_available() {
        return true;
    }
    let call = proc_macro::Span::call_site();
    let Some(file) = call.local_file() else {
        return true;
    };
    FIRST.with_borrow_mut(|first| {
        let first = first.entry(file).or_insert(call.line());
        *first = call.line().min(*first);
        call.line() == *first
    })
}
