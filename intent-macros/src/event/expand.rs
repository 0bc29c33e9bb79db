//! What `#[event]` generates.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use syn::{DeriveInput, ext::IdentExt as _, spanned::Spanned as _};

use super::model::{Change, Event, Note, is_note};
use crate::{
    docs,
    paths::last_ident,
    respan::{generated, replace_self},
    schema, scope, storable,
};

/// The struct with its derives, and beside it, unseen, the impls and checks. The check of its fields stands first: errors
/// come in the order of the code, and ours is to be read before those of serde.
pub(super) fn expand(event: &Event<'_>) -> TokenStream {
    let item = item(event);
    let storable = storable(event);
    let rest = [
        unit_serde(event),
        event_impl(event, &upcast(event)),
        predecessor_checks(event),
    ];
    let rest = scope::unnamed(&rest.into_iter().collect());
    quote! { #storable #item #rest }
}

/// ```
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(crate = "…")]
/// pub struct Deposited { … }      // without our notes
/// ```
pub(super) fn item(event: &Event<'_>) -> TokenStream {
    let runtime = &event.attrs.runtime;
    let mut item = event.original.clone();
    for field in &mut item.fields {
        field.attrs.retain(|attribute| !is_note(attribute));
    }
    let derives = match event.is_unit() {
        true => event.derives.without_serde(),
        false => event.derives,
    };
    let mut item = DeriveInput::from(item);
    let (attributes, schema) = schema::derives(runtime, derives, &mut item);
    quote! { #attributes #item #schema }
}

fn storable(event: &Event<'_>) -> TokenStream {
    storable::checks(&event.attrs.runtime, event.ident(), &event.original.fields)
        .unwrap_or_default()
}

/// ```
/// impl Serialize for Closed {
///     fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
///         __private::serialize_unit("Closed", serializer)
///     }
/// }
/// ```
///
/// and `Deserialize` likewise: an event without fields is stored as `{}`, so that fields can come later.
pub(super) fn unit_serde(event: &Event<'_>) -> TokenStream {
    if !event.is_unit() {
        return TokenStream::new();
    }
    let private = event.attrs.runtime.private();
    let ident = event.ident();
    let name = ident.unraw().to_string();
    quote! {
        #[automatically_derived]
        impl #private::serde::Serialize for #ident {
            fn serialize<S: #private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                #private::serialize_unit(#name, serializer)
            }
        }

        #[automatically_derived]
        impl<'de> #private::serde::Deserialize<'de> for #ident {
            fn deserialize<D: #private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                #private::deserialize_unit(deserializer, Self)
            }
        }
    }
}

/// ```
/// impl Event for Deposited {
///     const NAME: &'static str = "Deposited";
///     const VERSION: u32 = 2;
///     const DOC: &'static str = "Money came in.";
///     fn upcast(version: u32, payload: &[u8]) -> Result<Self, DecodeError> { … }
/// }
/// ```
pub(super) fn event_impl(event: &Event<'_>, upcast: &TokenStream) -> TokenStream {
    let runtime = &event.attrs.runtime;
    let ident = event.ident();
    let name = match &event.attrs.name {
        Some(name) => name.to_token_stream(),
        None => ident.unraw().to_string().into_token_stream(),
    };
    let version = event.version.unwrap_or(1);
    let doc = docs::text(&event.original.attrs);
    quote! {
        #[automatically_derived]
        impl #runtime::Event for #ident {
            const NAME: &'static ::core::primitive::str = #name;
            const VERSION: ::core::primitive::u32 = #version;
            const DOC: &'static ::core::primitive::str = #doc;
            #upcast
        }
    }
}

/// `Event::upcast`, or nothing for version 1.
///
/// ```
/// fn upcast(version: u32, payload: &[u8]) -> Result<Self, DecodeError> {
///     fn __from_1(mut object: JsonObject) -> Result<JsonObject, UpcastError> { … }
///     __private::run_steps::<Self>(version, payload, &[__from_1, cents_to_money])
/// }
/// ```
fn upcast(event: &Event<'_>) -> TokenStream {
    let runtime = &event.attrs.runtime;
    let private = runtime.private();
    let Some(last) = event.version.and_then(|version| version.checked_sub(1)) else {
        return TokenStream::new();
    };
    if last == 0 {
        return TokenStream::new();
    }
    let body = match &event.attrs.from {
        Some(from) => {
            let predecessor = &from.value;
            // The type is named at the predecessor's place: a missing `From` is the fault of that word.
            let ident = generated(event.ident().to_string(), predecessor.span());
            quote! {
                #private::upcast_from(
                    version,
                    payload,
                    <#predecessor as #runtime::Event>::VERSION,
                    <#predecessor as #runtime::Event>::decode,
                    <#ident as ::core::convert::From<#predecessor>>::from,
                )
            }
        }
        None => {
            let functions = (1..=last).map(|from| step_function(event, from));
            let names = (1..=last).map(|from| match event.step(from) {
                Some(step) => step.function.to_token_stream(),
                None => step_name(from).to_token_stream(),
            });
            quote! {
                #(#functions)*
                #private::run_steps::<Self>(version, payload, &[#(#names),*])
            }
        }
    };
    quote! {
        fn upcast(
            version: ::core::primitive::u32,
            payload: &[::core::primitive::u8],
        ) -> ::core::result::Result<Self, #runtime::DecodeError> {
            #body
        }
    }
}

fn step_name(from: u32) -> syn::Ident {
    format_ident!("__from_{from}")
}

/// The step that notes describe; removals come first, so that a key can be given to another field.
///
/// ```
/// fn __from_1(mut object: JsonObject) -> Result<JsonObject, UpcastError> {
///     object.remove("memo");
///     object.rename("text", "note")?;
///     object.set::<String>("channel", __channel())?;
///     Ok(object)
/// }
/// ```
fn step_function(event: &Event<'_>, from: u32) -> Option<TokenStream> {
    if event.step(from).is_some() {
        return None;
    }
    let runtime = &event.attrs.runtime;
    let name = step_name(from);
    let mut notes: Vec<&Note<'_>> = event.notes_on(from + 1).collect();
    notes.sort_by_key(|note| match note.change {
        Change::Removed { .. } => 0,
        Change::Renamed { .. } => 1,
        Change::Since { .. } => 2,
        Change::Unchanged => 3,
    });
    let changes: Vec<TokenStream> = notes
        .iter()
        .map(|note| change(event, &note.change))
        .collect();
    let mutable = changes
        .iter()
        .any(|change| !change.is_empty())
        .then(|| quote!(mut));
    Some(quote! {
        fn #name(
            #mutable object: #runtime::JsonObject,
        ) -> ::core::result::Result<#runtime::JsonObject, #runtime::UpcastError> {
            #(#changes)*
            ::core::result::Result::Ok(object)
        }
    })
}

fn change(event: &Event<'_>, change: &Change<'_>) -> TokenStream {
    match change {
        Change::Since {
            field,
            key,
            default,
        } => {
            let ty = replace_self(&field.ty, event.ident());
            let Some(default) = default else {
                return quote! {
                    object.set::<#ty>(#key, <#ty as ::core::default::Default>::default())?;
                };
            };
            // A function of its own: the expression sees nothing of the step and `return` stays within it.
            let function = generated("__default", Span::call_site());
            let default = replace_self(default, event.ident());
            quote! {
                {
                    fn #function() -> #ty { #default }
                    object.set::<#ty>(#key, #function())?;
                }
            }
        }
        Change::Renamed { from, to } => quote! { object.rename(#from, #to)?; },
        Change::Removed { key } => quote! { object.remove(#key); },
        Change::Unchanged => TokenStream::new(),
    }
}

/// ```
/// const _: () = __private::assert_predecessor_name("Deposited", "Deposited", "DepositedV1", <DepositedV1 as Event>::NAME);
/// const _: () = __private::assert_predecessor_version("Deposited", 2, "DepositedV1", <DepositedV1 as Event>::VERSION);
/// ```
fn predecessor_checks(event: &Event<'_>) -> TokenStream {
    let Some(from) = &event.attrs.from else {
        return TokenStream::new();
    };
    let runtime = &event.attrs.runtime;
    let predecessor = &from.value;
    let Some(last) = last_ident(predecessor) else {
        return TokenStream::new();
    };
    let (ident, shown) = (event.ident(), last.to_string());
    let text = ident.unraw().to_string();
    let span = last.span();
    let private = runtime.private_at(span);
    let check = |check: &str, constant: &str| {
        let check = generated(check, span);
        let constant = generated(constant, span);
        let arguments = quote! {
            #text, <#ident as #runtime::Event>::#constant,
            #shown, <#predecessor as #runtime::Event>::#constant
        };
        let mut arguments = proc_macro2::Group::new(proc_macro2::Delimiter::Parenthesis, arguments);
        arguments.set_span(span);
        quote! { const _: () = #private::#check #arguments; }
    };
    [
        check("assert_predecessor_name", "NAME"),
        check("assert_predecessor_version", "VERSION"),
    ]
    .into_iter()
    .collect()
}
