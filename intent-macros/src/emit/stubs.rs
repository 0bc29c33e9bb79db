//! Impls without content, instead of derives that would fail for a reason that is reported already.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, parse_quote};

use crate::{
    emit::scope,
    item::derives::{Derives, path},
    syntax::paths::Runtime,
};

/// ```
/// impl Clone for Deposited { fn clone(&self) -> Self { loop {} } }
/// impl Debug for Deposited { … }
/// ```
///
/// and so on, for each of the derives.
pub(crate) fn stubs(runtime: &Runtime, derives: &Derives, item: &DeriveInput) -> TokenStream {
    let (name, generics) = (&item.ident, &item.generics);
    let (_, arguments, conditions) = generics.split_for_impl();
    let stubs = derives.names().iter().map(|derive| {
        let (path, content) = (path(runtime, derive), content(runtime, derive));
        let mut generics = generics.clone();
        let lifetime = (*derive == "Deserialize").then(|| {
            generics.params.insert(0, parse_quote!('__de));
            quote!(<'__de>)
        });
        let (parameters, ..) = generics.split_for_impl();
        quote! {
            #[automatically_derived]
            impl #parameters #path #lifetime for #name #arguments #conditions { #content }
        }
    });
    scope::unnamed(&stubs.collect())
}

/// The functions of the trait that a derive is named after.
fn content(runtime: &Runtime, derive: &str) -> TokenStream {
    let private = runtime.private();
    match derive {
        "Clone" => quote! { fn clone(&self) -> Self { loop {} } },
        "Debug" => quote! {
            fn fmt(&self, _: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result { loop {} }
        },
        "PartialEq" => quote! {
            fn eq(&self, _: &Self) -> ::core::primitive::bool { loop {} }
        },
        "Serialize" => quote! {
            fn serialize<__S: #private::serde::Serializer>(
                &self,
                _: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                loop {}
            }
        },
        "Deserialize" => quote! {
            fn deserialize<__D: #private::serde::Deserializer<'__de>>(
                _: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                loop {}
            }
        },
        _ => quote! {
            fn schema_name() -> ::std::borrow::Cow<'static, ::core::primitive::str> { loop {} }
            fn json_schema(
                _: &mut #private::schemars::SchemaGenerator,
            ) -> #private::schemars::Schema {
                loop {}
            }
        },
    }
}
