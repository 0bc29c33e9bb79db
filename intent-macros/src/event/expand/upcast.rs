//! The chain of steps from every stored version to the current one.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use syn::{Field, parse_quote, spanned::Spanned as _};

use super::super::model::{Change, Event, Note};
use crate::{
    stored::form::{find, written_with},
    syntax::respan::{generated, replace_self},
};

/// `Event::upcast`, or nothing for version 1.
///
/// ```
/// fn upcast(version: u32, payload: &[u8]) -> Result<Self, DecodeError> {
///     fn __from_1(mut object: JsonObject) -> Result<JsonObject, UpcastError> { … }
///     __private::run_steps::<Self>(version, payload, &[__from_1, cents_to_money])
/// }
/// ```
///
/// With `from = DepositedV1` also `Event::predecessors`, which lists that struct.
pub(super) fn upcast(event: &Event<'_>) -> TokenStream {
    let runtime = &event.attrs.runtime;
    let private = runtime.private();
    let Some(last) = event.version.and_then(|version| version.checked_sub(1)) else {
        return TokenStream::new();
    };
    if last == 0 {
        return TokenStream::new();
    }
    let mut predecessors = TokenStream::new();
    let body = match &event.attrs.from {
        Some(from) => {
            let predecessor = &from.value;
            // The type has the span of the predecessor: a missing `From` is reported there.
            let ident = generated(event.ident().to_string(), predecessor.span());
            predecessors = quote! {
                fn predecessors() -> ::std::vec::Vec<#runtime::model::EventKind> {
                    #private::predecessors(
                        <#predecessor as #runtime::Event>::predecessors,
                        #runtime::model::EventKind::of::<#predecessor>,
                    )
                }
            };
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

        #predecessors
    }
}

fn step_name(from: u32) -> syn::Ident {
    format_ident!("__from_{from}")
}

/// The step that notes describe. First keys are removed, then all renames happen at once, then keys are added, so that no change meets
/// a key that is about to go.
///
/// ```
/// fn __from_1(mut object: JsonObject) -> Result<JsonObject, UpcastError> {
///     object.remove("memo");
///     object.rename("text", "note")?;        // several: object.rename_together(&[("a", "b"), ("b", "c")])?;
///     __private::add::<String>(&mut object, "channel", __channel())?;
///     Ok(object)
/// }
/// ```
fn step_function(event: &Event<'_>, from: u32) -> Option<TokenStream> {
    if event.step(from).is_some() {
        return None;
    }
    let runtime = &event.attrs.runtime;
    let name = step_name(from);
    let notes = |is: fn(&Change<'_>) -> bool| {
        let notes = event.notes_on(from + 1);
        notes.filter(move |note| is(&note.change))
    };
    let changes = |is| -> Vec<TokenStream> {
        let changes = notes(is).filter_map(|note| {
            let (conditions, change) = (&note.conditions, change(event, &note.change)?);
            Some(quote!(#(#conditions)* #change))
        });
        changes.collect()
    };
    let renames: Vec<_> = notes(|change| matches!(change, Change::Renamed { .. })).collect();
    let renamed = match renames.as_slice() {
        [] | [_] => changes(|change| matches!(change, Change::Renamed { .. })),
        _ => vec![together(&renames)],
    };
    let removed = changes(|change| matches!(change, Change::Removed { .. }));
    let added = changes(|change| matches!(change, Change::Since { .. }));
    let changes = [removed, renamed, added].concat();
    // If a `cfg` removes the fields, the step changes nothing.
    let conditional = event
        .notes_on(from + 1)
        .any(|note| !note.conditions.is_empty());
    let allow = conditional.then(|| quote!(#[allow(unused_mut)]));
    let mutable = (!changes.is_empty()).then(|| quote!(mut));
    Some(quote! {
        #allow
        fn #name(
            #mutable object: #runtime::JsonObject,
        ) -> ::core::result::Result<#runtime::JsonObject, #runtime::UpcastError> {
            #(#changes)*
            ::core::result::Result::Ok(object)
        }
    })
}

/// All renames at once: one by one, a field could be renamed to a key that another field still has.
fn together(renames: &[&Note<'_>]) -> TokenStream {
    let pairs = renames.iter().filter_map(|note| match &note.change {
        Change::Renamed { from, to, .. } => {
            let conditions = &note.conditions;
            Some(quote!(#(#conditions)* (#from, #to)))
        }
        _ => None,
    });
    quote! { object.rename_together(&[#(#pairs),*])?; }
}

fn change(event: &Event<'_>, change: &Change<'_>) -> Option<TokenStream> {
    Some(match change {
        Change::Since {
            field,
            key,
            default,
        } => {
            let ty = replace_self(&field.ty, event.ident());
            let Some(default) = default else {
                let default = quote!(<#ty as ::core::default::Default>::default());
                return Some(add(event, field, key, &ty, &default));
            };
            // A separate function, so that the expression does not see the step and `return` stays within it.
            let function = generated("__default", Span::call_site());
            let default = replace_self(default, event.ident());
            let add = add(event, field, key, &ty, &quote!(#function()));
            quote! {
                {
                    fn #function() -> #ty { #default }
                    #add
                }
            }
        }
        Change::Renamed { from, to, .. } => quote! { object.rename(#from, #to)?; },
        Change::Removed { key } => quote! { object.remove(#key); },
        Change::Unchanged => return None,
    })
}

/// ```
/// __private::add::<String>(&mut object, "channel", value)?;
/// {                                                   // with `#[serde(with = "as_text")]`
///     #[derive(Serialize)]
///     struct __Since { #[serde(with = "as_text", rename = "amount")] value: Money }
///     __private::add_as_written(&mut object, "amount", &__Since { value })?;
/// }
/// ```
///
/// The helper struct has the field's serde attributes, so that serde writes the value as it writes the event.
fn add(
    event: &Event<'_>,
    field: &Field,
    key: &str,
    ty: &TokenStream,
    value: &TokenStream,
) -> TokenStream {
    let runtime = &event.attrs.runtime;
    let private = runtime.private();
    let mut written = written_with(field);
    if written.is_empty() {
        return quote!(#private::add::<#ty>(&mut object, #key, #value)?;);
    }
    if find(&written, &["flatten"]).is_none() {
        written.push(parse_quote!(rename = #key));
    }
    let serde = runtime.re_export("serde");
    quote! {
        {
            #[derive(#private::serde::Serialize)]
            #[serde(crate = #serde)]
            struct __Since {
                #[serde(#(#written),*)]
                value: #ty,
            }
            #private::add_as_written(&mut object, #key, &__Since { value: #value })?;
        }
    }
}
