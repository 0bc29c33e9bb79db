//! What `#[event]` generates.

mod steps;
mod upcast;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, ext::IdentExt as _};

use steps::steps;
use upcast::upcast;

use super::{
    check::HIGHEST_VERSION,
    model::{Event, is_note},
};
use crate::{
    emit::{schema, scope},
    item::{former, version::predecessor_check},
    stored::storable,
    syntax::docs,
};

/// The struct with its derives, and the impls and checks in a hidden scope. The check of its fields comes first, because rustc reports
/// errors in the order of the code, and ours should come before serde's.
pub(super) fn expand(event: &Event<'_>) -> TokenStream {
    let item = item(event);
    let runtime = &event.attrs.runtime;
    let storable = storable::checks(runtime, event.ident(), &event.original.fields);
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
        true => event.derives.clone().without(&["Serialize", "Deserialize"]),
        false => event.derives.clone(),
    };
    let mut item = DeriveInput::from(item);
    let (attributes, schema) = schema::derives(runtime, derives, &mut item);
    quote! { #attributes #item #schema }
}

/// ```
/// impl Serialize for Closed {
///     fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
///         __private::serialize_unit("Closed", serializer)
///     }
/// }
/// ```
///
/// and the same for `Deserialize`. An event without fields is stored as `{}`, so that fields can be added later.
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
///     const FORMERLY: &'static [&'static str] = &["PaidIn"];
///     const VERSION: u32 = 2;
///     const READABLE_BY: Option<u32> = Some(1);
///     const DOC: &'static str = "Money came in.";
///     const STEPS: &'static [KeyChange] = &[KeyChange { to: 2, expects: &[], adds: &["channel"] }];
///     fn upcast(version: u32, payload: &[u8]) -> Result<Self, DecodeError> { … }
/// }
/// ```
pub(super) fn event_impl(event: &Event<'_>, upcast: &TokenStream) -> TokenStream {
    let runtime = &event.attrs.runtime;
    let ident = event.ident();
    let name = event.name();
    let formerly = former::constant(&event.attrs.formerly);
    // A wrong version is reported already. It is clamped, so that an aggregate that lists the event does not report it too.
    let version = event.version.unwrap_or(1).clamp(1, HIGHEST_VERSION);
    let readable_by = event.attrs.readable_by.as_ref().map(|oldest| oldest.value);
    let readable_by = readable_by.filter(|oldest| (1..version).contains(oldest));
    let readable_by = readable_by.map(|oldest| {
        quote! {
            const READABLE_BY: ::core::option::Option<::core::primitive::u32> =
                ::core::option::Option::Some(#oldest);
        }
    });
    let doc = docs::text(&event.original.attrs);
    let steps = steps(event);
    quote! {
        #[automatically_derived]
        impl #runtime::Event for #ident {
            const NAME: &'static ::core::primitive::str = #name;
            #formerly
            const VERSION: ::core::primitive::u32 = #version;
            #readable_by
            const DOC: &'static ::core::primitive::str = #doc;
            #steps
            #upcast
        }
    }
}

/// ```
/// const _: () = __private::assert_predecessor_name(Names::of::<Deposited>("Deposited"), "DepositedV1", <DepositedV1 as Event>::NAME);
/// const _: () = __private::assert_predecessor_version("Deposited", 2, "DepositedV1", <DepositedV1 as Event>::VERSION);
/// ```
fn predecessor_checks(event: &Event<'_>) -> TokenStream {
    let Some(from) = &event.attrs.from else {
        return TokenStream::new();
    };
    let (runtime, ident) = (&event.attrs.runtime, event.ident());
    let (private, text) = (runtime.private(), ident.unraw().to_string());
    let names = quote!(#private::Names::of::<#ident>(#text));
    let version = quote!(#text, <#ident as #runtime::Event>::VERSION);
    let checks = [("name", names, "NAME"), ("version", version, "VERSION")];
    let checks = checks.into_iter().filter_map(|(what, subject, constant)| {
        let function = format!("assert_predecessor_{what}");
        predecessor_check(
            runtime,
            &function,
            &subject,
            &from.value,
            ("Event", constant),
        )
    });
    checks.collect()
}
