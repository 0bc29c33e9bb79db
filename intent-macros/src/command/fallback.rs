//! What is emitted for a command with mistakes.

use proc_macro2::TokenStream;
use quote::quote;

use super::{expand, model::Command};
use crate::{emit::scope, syntax::diag::Diagnostics};

/// The mistakes beside the struct with its derives. It stays a command if an id says which aggregate it is for.
pub(super) fn stub(command: &Command<'_>, diag: Diagnostics) -> TokenStream {
    let item = expand::item(command);
    if !command.original.generics.params.is_empty() {
        return diag.beside(item);
    }
    let rest = scope::unnamed(&expand::command_impl(command));
    diag.beside(quote! { #item #rest })
}
