//! What is emitted for an event with mistakes: the item and impls without content, so that no other errors follow.

use proc_macro2::TokenStream;
use quote::quote;

use super::{expand, model::Event};
use crate::{emit::scope, syntax::diag::Diagnostics};

/// The mistakes beside the struct, which stays an event.
pub(super) fn stub(event: &Event<'_>, diag: Diagnostics) -> TokenStream {
    let item = expand::item(event);
    if !event.original.generics.params.is_empty() {
        return diag.beside(item);
    }
    let unit_serde = match event.derives_serde() {
        true => expand::unit_serde(event),
        false => TokenStream::new(),
    };
    let event_impl = expand::event_impl(event, &TokenStream::new());
    let rest = scope::unnamed(&quote! { #unit_serde #event_impl });
    diag.beside(quote! { #item #rest })
}
