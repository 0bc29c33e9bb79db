//! The only place that opens a scope for generated code.

use proc_macro2::TokenStream;
use quote::quote;

/// ```
/// const _: () = {
///     body
/// };
/// ```
///
/// Impls work from any scope, and what they need beside them stays unseen here: an unnamed constant adds no name to
/// the user's module. A module would, and could not see the user's private types by their own names.
pub(crate) fn unnamed(body: &TokenStream) -> TokenStream {
    quote! {
        #[doc(hidden)]
        const _: () = { #body };
    }
}
