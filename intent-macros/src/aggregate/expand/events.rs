//! The enum of an aggregate's events, and what makes each event one of them.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;

use super::{super::model::Aggregate, past};
use crate::rules::entry::Effect;

/// ```
/// /// The events of `Account`.
/// pub enum AccountEvent {
///     /// `Opened`
///     Opened(Opened),
/// }
/// ```
pub(super) fn event_enum(aggregate: &Aggregate<'_>) -> TokenStream {
    let visibility = &aggregate.original.vis;
    let event_enum = aggregate.event_enum();
    let doc = format!(" The events of `{}`.", aggregate.text());
    let variants = distinct(aggregate).into_iter().map(|event| {
        let (variant, path) = (event.ident(), &event.event);
        let doc = format!(" `{}`", event.text());
        quote! {
            #[doc = #doc]
            #variant(#path)
        }
    });
    quote! {
        #[doc = #doc]
        #[allow(private_interfaces)]
        #visibility enum #event_enum { #(#variants,)* }
    }
}

/// Each event once: the fallback of an event that is listed twice must not repeat it.
pub(super) fn distinct<'a>(aggregate: &'a Aggregate<'_>) -> Vec<super::Event<'a>> {
    let mut distinct: Vec<super::Event<'a>> = Vec::new();
    for event in aggregate.events() {
        if !distinct.iter().any(|known| known.ident() == event.ident()) {
            distinct.push(event);
        }
    }
    distinct
}

/// `AggregateEvent` for the enum, and the conversions of each event.
pub(super) fn impls(aggregate: &Aggregate<'_>) -> TokenStream {
    let standard = standard(aggregate);
    let codec = codec(aggregate);
    let conversions = conversions(aggregate);
    quote! { #standard #codec #conversions }
}

/// Written out instead of derived: for a type that is not an event, the derives would add errors to ours.
///
/// ```
/// impl Clone for AccountEvent {
///     fn clone(&self) -> Self { match self { Self::Opened(event) => Self::Opened(clone::<Account, _>(event)) } }
/// }
/// impl Debug for AccountEvent {
///     fn fmt(&self, f: &mut Formatter<'_>) -> Result {
///         match self { Self::Opened(event) => debug::<Account, _>("Opened", event, f) }
///     }
/// }
/// impl PartialEq for AccountEvent {
///     fn eq(&self, other: &Self) -> bool {
///         match (self, other) { (Self::Opened(a), Self::Opened(b)) => equal::<Account, _>(a, b), _ => false }
///     }
/// }
/// ```
fn standard(aggregate: &Aggregate<'_>) -> TokenStream {
    let private = aggregate.attrs.runtime.private();
    let (ident, event_enum) = (aggregate.ident(), aggregate.event_enum());
    let events = distinct(aggregate);
    let paths: Vec<_> = events.iter().map(|event| &event.event).collect();
    let variants: Vec<_> = events.iter().map(|event| event.ident()).collect();
    let names = variants.iter().map(|variant| variant.unraw().to_string());
    let this = match events.is_empty() {
        true => quote!(*self),
        false => quote!(self),
    };
    quote! {
        #[automatically_derived]
        impl ::core::clone::Clone for #event_enum {
            #[inline]
            fn clone(&self) -> Self {
                match #this {
                    #(Self::#variants(event) => Self::#variants(#private::clone::<#ident, #paths>(event)),)*
                }
            }
        }

        #[automatically_derived]
        #[allow(unused_variables)]
        impl ::core::fmt::Debug for #event_enum {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match #this {
                    #(Self::#variants(event) => #private::debug::<#ident, #paths>(#names, event, f),)*
                }
            }
        }

        #[automatically_derived]
        impl ::core::cmp::PartialEq for #event_enum {
            #[inline]
            fn eq(&self, other: &Self) -> ::core::primitive::bool {
                match (self, other) {
                    #((Self::#variants(one), Self::#variants(other)) => {
                        #private::equal::<#ident, #paths>(one, other)
                    })*
                    #[allow(unreachable_patterns)]
                    _ => false,
                }
            }
        }
    }
}

/// ```
/// impl AggregateEvent for AccountEvent {
///     fn name(&self) -> &'static str { match self { Self::Opened(_) => name_of::<Account, Opened>() } }
///     fn schema_version(&self) -> u32 { match self { Self::Opened(_) => version_of::<Account, Opened>() } }
///     fn encode(&self) -> Result<Box<RawValue>, Error> { match self { Self::Opened(event) => encode(event) } }
///     fn decode_one(name: &str, version: u32, payload: &[u8]) -> Result<Self, DecodeError> {
///         if is_named::<Account, Opened>(name) {
///             return decode::<Account, Opened>(version, payload);
///         }
///         Err(DecodeError::unknown_event(name))
///     }
///     fn kinds() -> Vec<EventKind> {
///         const KINDS: &[EventKind] = &[kind_of::<Account, Opened>().creating().changing(&["owner"])];
///         KINDS.to_vec()
///     }
/// }
/// ```
fn codec(aggregate: &Aggregate<'_>) -> TokenStream {
    let runtime = &aggregate.attrs.runtime;
    let private = runtime.private();
    let (ident, event_enum) = (aggregate.ident(), aggregate.event_enum());
    let events = distinct(aggregate);
    let paths: Vec<_> = events.iter().map(|event| &event.event).collect();
    let variants: Vec<_> = events.iter().map(|event| event.ident()).collect();
    let past = past::codec(aggregate);
    let kinds = events.iter().map(|event| kind(aggregate, *event));
    let this = match events.is_empty() {
        true => quote!(*self),
        false => quote!(self),
    };
    quote! {
        #[automatically_derived]
        impl #runtime::model::AggregateEvent for #event_enum {
            fn name(&self) -> &'static ::core::primitive::str {
                match #this {
                    #(Self::#variants(_) => #private::name_of::<#ident, #paths>(),)*
                }
            }

            fn schema_version(&self) -> ::core::primitive::u32 {
                match #this {
                    #(Self::#variants(_) => #private::version_of::<#ident, #paths>(),)*
                }
            }

            #[inline]
            fn encode(
                &self,
            ) -> ::core::result::Result<
                ::std::boxed::Box<#private::RawValue>,
                #private::serde_json::Error,
            > {
                match #this {
                    #(Self::#variants(event) => #private::encode::<#ident, #paths>(event),)*
                }
            }

            #[inline]
            fn decode_one(
                name: &::core::primitive::str,
                version: ::core::primitive::u32,
                payload: &[::core::primitive::u8],
            ) -> ::core::result::Result<Self, #runtime::DecodeError> {
                #(
                    if #private::is_named::<#ident, #paths>(name) {
                        return #private::decode::<#ident, #paths>(version, payload);
                    }
                )*
                ::core::result::Result::Err(#runtime::DecodeError::unknown_event(name))
            }

            fn kinds() -> ::std::vec::Vec<#runtime::model::EventKind> {
                const KINDS: &[#runtime::model::EventKind] = &[#(#kinds),*];
                KINDS.to_vec()
            }

            #past
        }
    }
}

/// An event for the catalogue. Which fields a function of the user changes is not known.
fn kind(aggregate: &Aggregate<'_>, event: super::Event<'_>) -> TokenStream {
    let private = aggregate.attrs.runtime.private();
    let (ident, path) = (aggregate.ident(), &event.event);
    let creating = event.creating.then(|| quote!(.creating()));
    let changing = (!matches!(event.effect, Effect::Function(_))).then(|| {
        let changed = aggregate
            .fields
            .iter()
            .filter(|field| field.rule(&event).is_some());
        let names = changed.map(|field| field.ident.unraw().to_string());
        quote!(.changing(&[#(#names),*]))
    });
    quote!(#private::kind_of::<#ident, #path>() #creating #changing)
}

/// ```
/// impl From<Opened> for AccountEvent { … }
/// impl EventOf<Account> for Opened {
///     fn from_event(event: &AccountEvent) -> Option<&Self> { … }
/// }
/// impl IntoEvents<Account> for Opened { … }
/// impl IntoEvents<Account> for AccountEvent { … }
/// ```
fn conversions(aggregate: &Aggregate<'_>) -> TokenStream {
    let runtime = &aggregate.attrs.runtime;
    let private = runtime.private();
    let (ident, event_enum) = (aggregate.ident(), aggregate.event_enum());
    let events = distinct(aggregate);
    let single = events.len() == 1;
    let conversions = events.iter().map(|event| {
        let (variant, path) = (event.ident(), &event.event);
        let other = (!single).then(|| quote!(_ => ::core::option::Option::None,));
        quote! {
            #[automatically_derived]
            impl ::core::convert::From<#path> for #event_enum {
                #[inline]
                fn from(event: #path) -> Self { Self::#variant(event) }
            }

            #[automatically_derived]
            impl #runtime::model::EventOf<#ident> for #path {
                fn from_event(event: &#event_enum) -> ::core::option::Option<&Self> {
                    match event {
                        #event_enum::#variant(event) => ::core::option::Option::Some(event),
                        #other
                    }
                }
            }

            #[automatically_derived]
            impl #runtime::model::IntoEvents<#ident> for #path {
                fn append_to(self, events: &mut ::std::vec::Vec<#event_enum>) {
                    events.push(#event_enum::#variant(self));
                }

                fn emits() -> #runtime::catalogue::Emits {
                    #private::emits::<#ident, #path>()
                }
            }
        }
    });
    quote! {
        #(#conversions)*

        #[automatically_derived]
        impl #runtime::model::IntoEvents<#ident> for #event_enum {
            fn append_to(self, events: &mut ::std::vec::Vec<#event_enum>) {
                events.push(self);
            }

            fn emits() -> #runtime::catalogue::Emits {
                #runtime::catalogue::Emits::Any
            }
        }
    }
}
