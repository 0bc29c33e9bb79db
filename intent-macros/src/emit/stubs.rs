//! Impls without content, in place of derives that would fail for a reason that is reported.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, parse_quote};

use crate::{emit::scope, item::derives::Derives, syntax::paths::Runtime};

/// ```
/// impl Clone for Deposited { fn clone(&self) -> Self { loop {} } }
/// impl Debug for Deposited { … }
/// ```
///
/// and so on, for each of the derives.
pub(crate) fn stubs(runtime: &Runtime, derives: Derives, item: &DeriveInput) -> TokenStream {
    let private = runtime.private();
    let (serde, schemars) = (quote!(#private::serde), quote!(#private::schemars));
    let stubs = [
        (
            derives.clone,
            quote!(::core::clone::Clone),
            quote! { fn clone(&self) -> Self { loop {} } },
        ),
        (
            derives.debug,
            quote!(::core::fmt::Debug),
            quote! {
                fn fmt(&self, _: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result { loop {} }
            },
        ),
        (
            derives.partial_eq,
            quote!(::core::cmp::PartialEq),
            quote! { fn eq(&self, _: &Self) -> ::core::primitive::bool { loop {} } },
        ),
        (
            derives.serialize,
            quote!(#serde::Serialize),
            quote! {
                fn serialize<__S: #serde::Serializer>(
                    &self,
                    _: __S,
                ) -> ::core::result::Result<__S::Ok, __S::Error> {
                    loop {}
                }
            },
        ),
        (
            derives.deserialize,
            quote!(#serde::Deserialize<'__de>),
            quote! {
                fn deserialize<__D: #serde::Deserializer<'__de>>(
                    _: __D,
                ) -> ::core::result::Result<Self, __D::Error> {
                    loop {}
                }
            },
        ),
        (
            derives.schema,
            quote!(#schemars::JsonSchema),
            quote! {
                fn schema_name() -> ::std::borrow::Cow<'static, ::core::primitive::str> { loop {} }
                fn json_schema(_: &mut #schemars::SchemaGenerator) -> #schemars::Schema { loop {} }
            },
        ),
    ];
    let (name, generics) = (&item.ident, &item.generics);
    let (_, arguments, conditions) = generics.split_for_impl();
    let stubs = stubs.into_iter().filter(|(needed, ..)| *needed);
    let stubs = stubs.map(|(_, path, functions)| {
        let mut generics = generics.clone();
        if path.to_string().contains("'__de") {
            generics.params.insert(0, parse_quote!('__de));
        }
        let (parameters, ..) = generics.split_for_impl();
        quote! {
            #[automatically_derived]
            impl #parameters #path for #name #arguments #conditions { #functions }
        }
    });
    scope::unnamed(&stubs.collect())
}
