//! What is left of a command with mistakes.

use proc_macro2::TokenStream;
use quote::quote;

use super::{expand, model::Command};
use crate::diag::Diagnostics;

/// The mistakes beside an item that is not a struct.
pub(super) fn unchanged(item: TokenStream, diag: Diagnostics) -> TokenStream {
    let errors = diag.finish();
    quote! { #item #errors }
}

/// The mistakes beside the struct with its derives. There is no impl of `Command`: without its `#[id]` a command has
/// no aggregate to name.
pub(super) fn stub(command: &Command<'_>, diag: Diagnostics) -> TokenStream {
    let errors = diag.finish();
    let item = expand::item(command);
    quote! { #item #errors }
}
