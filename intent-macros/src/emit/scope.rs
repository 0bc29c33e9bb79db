//! The only place that opens a scope for generated code.

use proc_macro2::TokenStream;
use quote::quote;

/// ```
/// const _: () = {
///     body
/// };
/// ```
///
/// Impls work from any scope, and their helpers are hidden here: an unnamed constant adds no name to the user's module. A module would
/// add one, and could not see the user's private types.
pub(crate) fn unnamed(body: &TokenStream) -> TokenStream {
    quote! {
        #[doc(hidden)]
        const _: () = { #body };
    }
}
