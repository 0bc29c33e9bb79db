//! `Snapshot`: the state's own serde form, read and written through a shadow of the struct.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{Ident, ext::IdentExt as _, spanned::Spanned as _};

use super::super::{
    attrs::{AggregateAttrs, SnapshotAttrs, Split},
    model::{Aggregate, Event},
};
use crate::{
    emit::{fingerprint::fingerprint, schema},
    item::version::predecessor_check,
    rules::{
        emit as rules,
        entry::{Effect, Entry},
        rule::Field,
    },
    stored::{
        form::{self, schema_is_unknown},
        map_keys, storable,
    },
    syntax::{
        attr,
        paths::last_ident,
        respan::{generated, replace_self},
        symbol::ON,
    },
};

/// ```
/// impl Snapshot for Account {
///     const EVERY: u64 = 100;
///     const NUMBER: u32 = 2;
///     fn version() -> u32 {
///         #[derive(JsonSchema)]
///         struct __Schema { id: Id<Account>, owner: String, … }
///         static VERSION: OnceLock<u32> = OnceLock::new();
///         *VERSION.get_or_init(|| {
///             let events = &[__private::kind_of::<Account, Opened>(), …];
///             let given = &[("balance", || __private::given(Show(&__default_balance()).json()))];
///             __private::state_version::<Account, __Schema>(2_166_136_261, events, given)
///         })
///     }
///     fn encode_state(&self) -> Result<Box<RawValue>, Error> { __private::to_json(&__Write(self)) }
///     fn decode_state(version: u32, state: &[u8]) -> Result<Self, DecodeError> {
///         if version != Self::version() {                        // with `from = AccountV1`
///             return __private::decode_state_from(
///                 version, Self::version(), state, <AccountV1 as Snapshot>::decode_state, <Account as From<AccountV1>>::from,
///             );
///         }
///         __private::decode_state::<__Read>(version, Self::version(), state).map(|read| read.0)
///     }
/// }
/// #[derive(Serialize, Deserialize)]
/// #[serde(remote = "Account")]
/// struct __State { id: Id<Account>, owner: String, … }
/// ```
///
/// serde's `remote` reads and writes the struct itself field by field: nothing is cloned, and the user's struct need
/// not be serializable for anyone else.
pub(super) fn snapshot(aggregate: &Aggregate<'_>) -> TokenStream {
    if aggregate.attrs.snapshot.is_none() {
        return TokenStream::new();
    }
    let runtime = &aggregate.attrs.runtime;
    let private = runtime.private();
    let serde = runtime.re_export("serde");
    let ident = aggregate.ident();
    let remote = ident.to_string();
    let allow = schema::copy_of_the_users();
    let fields = aggregate.fields.iter().map(|field| {
        let name = field.ident;
        let ty = replace_self(field.ty(), ident);
        let serde = field
            .original
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("serde"));
        quote!(#(#serde)* #name: #ty)
    });
    let storable = storable::checks(
        runtime,
        ident,
        aggregate.fields.iter().map(|field| field.original),
    );
    let (convert, follows) = (convert(aggregate), follows(aggregate));
    let snapshot_impl = snapshot_impl(
        aggregate,
        &version(aggregate),
        &encode(aggregate, &private),
        &quote! {
            #convert
            #private::decode_state::<__Read>(version, <Self as #runtime::Snapshot>::version(), state)
                .map(|read| read.0)
        },
    );
    quote! {
        #storable
        #snapshot_impl
        #follows

        #[derive(#private::serde::Serialize, #private::serde::Deserialize)]
        #[serde(crate = #serde, remote = #remote)]
        #allow
        struct __State { #(#fields,)* }

        #[derive(#private::serde::Serialize)]
        #[serde(crate = #serde, transparent)]
        struct __Write<'a>(#[serde(with = "__State")] &'a #ident);

        #[derive(#private::serde::Deserialize)]
        #[serde(crate = #serde, transparent)]
        struct __Read(#[serde(with = "__State")] #ident);
    }
}

/// Writes the state and reads it back: a snapshot that differs from the state must not be kept.
fn encode(aggregate: &Aggregate<'_>, private: &TokenStream) -> TokenStream {
    let same = aggregate.fields.iter().map(|field| {
        let name = field.ident;
        quote!(&& #private::ReadBack(&self.#name, &read.0.#name).same())
    });
    quote! {
        let json = #private::to_json(&__Write(self))?;
        let read: __Read = #private::serde_json::from_str(json.get())?;
        #[allow(unused_imports)]
        use #private::NotCompared as _;
        #private::state_as_written(json, true #(#same)*)
    }
}

/// Reads a state of another version, if a predecessor is named.
fn convert(aggregate: &Aggregate<'_>) -> Option<TokenStream> {
    let from = aggregate.attrs.snapshot.as_ref()?.from.as_ref()?;
    let runtime = &aggregate.attrs.runtime;
    let (private, predecessor) = (runtime.private(), &from.value);
    // The type has the span of the predecessor: a missing `From` is reported there.
    let span = last_ident(predecessor).map_or_else(|| predecessor.span(), syn::Ident::span);
    let ident = generated(aggregate.ident().to_string(), span);
    Some(quote! {
        if version != <Self as #runtime::Snapshot>::version() {
            return #private::decode_state_from(
                version,
                <Self as #runtime::Snapshot>::version(),
                state,
                <#predecessor as #runtime::Snapshot>::decode_state,
                <#ident as ::core::convert::From<#predecessor>>::from,
            );
        }
    })
}

/// ```
/// const _: () = __private::assert_predecessor_version("Account", 2, "AccountV1", <AccountV1 as Snapshot>::NUMBER);
/// ```
fn follows(aggregate: &Aggregate<'_>) -> Option<TokenStream> {
    let snapshot = aggregate.attrs.snapshot.as_ref()?;
    let predecessor = &snapshot.from.as_ref()?.value;
    let (text, number) = (aggregate.text(), snapshot.number());
    let (function, constant) = ("assert_predecessor_version", ("Snapshot", "NUMBER"));
    let runtime = &aggregate.attrs.runtime;
    predecessor_check(
        runtime,
        function,
        &quote!(#text, #number),
        predecessor,
        constant,
    )
}

/// The impl without content.
pub(super) fn stub(aggregate: &Aggregate<'_>) -> TokenStream {
    match &aggregate.attrs.snapshot {
        Some(_) => {
            let nothing = quote!(loop {});
            snapshot_impl(aggregate, &nothing, &nothing, &nothing)
        }
        None => TokenStream::new(),
    }
}

fn snapshot_impl(
    aggregate: &Aggregate<'_>,
    version: &TokenStream,
    encode: &TokenStream,
    decode: &TokenStream,
) -> TokenStream {
    let runtime = &aggregate.attrs.runtime;
    let private = runtime.private();
    let ident = aggregate.ident();
    let snapshot = aggregate.attrs.snapshot.as_ref();
    let every = snapshot.map_or(1, |snapshot| snapshot.every);
    let number = snapshot.map_or(1, SnapshotAttrs::number);
    quote! {
        #[automatically_derived]
        #[allow(unused_variables)]
        impl #runtime::Snapshot for #ident {
            const EVERY: ::core::primitive::u64 = #every;
            const NUMBER: ::core::primitive::u32 = #number;

            fn version() -> ::core::primitive::u32 {
                #version
            }

            fn encode_state(
                &self,
            ) -> ::core::result::Result<
                ::std::boxed::Box<#private::RawValue>,
                #private::serde_json::Error,
            > {
                #encode
            }

            fn decode_state(
                version: ::core::primitive::u32,
                state: &[::core::primitive::u8],
            ) -> ::core::result::Result<Self, #runtime::DecodeError> {
                #decode
            }
        }
    }
}

/// The number that distinguishes this state from another build's. It depends on types, so it is computed at run time, once.
fn version(aggregate: &Aggregate<'_>) -> TokenStream {
    let runtime = &aggregate.attrs.runtime;
    let private = runtime.private();
    let schemars = runtime.re_export("schemars");
    let ident = aggregate.ident();
    let (prelude, allow) = (schema::prelude(), schema::copy_of_the_users());
    let fields = aggregate.fields.iter().map(|field| {
        let (name, ty) = (field.ident, replace_self(field.ty(), ident));
        let attributes = &field.original.attrs;
        let skip = schema_is_unknown(attributes).then(|| quote!(#[schemars(skip)]));
        let told = attributes
            .iter()
            .filter(|attribute| attr::is(attribute, "serde") || attr::is(attribute, "schemars"));
        let keys = map_keys::told(runtime, field.original);
        let keys = keys.map(|told| replace_self(told.into_token_stream(), ident));
        let default = form::default_in_the_schema(runtime, field.original);
        let default = default.map(|told| replace_self(told.into_token_stream(), ident));
        quote!(#(#told)* #skip #keys #default #name: #ty)
    });
    let events = aggregate.events().filter(counts);
    let events = events.map(|event| {
        let path = &event.event;
        quote!(#private::kind_of::<#ident, #path>())
    });
    let split = aggregate
        .attrs
        .split
        .iter()
        .map(|Split { event, .. }| quote!(#private::split_kind_of::<#ident, #event>()));
    let rules = fingerprint(what_makes_the_state(aggregate), ident);
    let given = given(aggregate);
    quote! {
        #prelude

        #[derive(#private::schemars::JsonSchema)]
        #[schemars(crate = #schemars)]
        #allow
        struct __Schema { #(#fields,)* }

        static VERSION: ::std::sync::OnceLock<::core::primitive::u32> = ::std::sync::OnceLock::new();
        *VERSION.get_or_init(|| {
            #[allow(unused_imports)]
            use #private::NoJson as _;
            #private::state_version::<#ident, __Schema>(
                #rules,
                &[#(#events,)* #(#split,)*],
                &[#(#given,)*],
            )
        })
    }
}

/// The values in a state that come from no event: initial values of fields, and what rules without a closure set. Literals are in the
/// fingerprint already.
///
/// ```
/// ("balance", || __private::given(Show(&__default_balance()).json())),
/// ("status", || __private::given(Show(&__status_on_closed()).json())),
/// ```
fn given(aggregate: &Aggregate<'_>) -> Vec<TokenStream> {
    let mut given = Vec::new();
    for field in &aggregate.fields {
        if field.key.is_some() || form::has_no_form(field.original) {
            continue;
        }
        let mut functions = Vec::new();
        if rules::begins_from_default(field, aggregate.creating()).is_some() {
            functions.push(rules::default_name(field));
        }
        let entries = aggregate.entries();
        let entries = entries.filter(|entry| matches!(entry.effect, Effect::Rules));
        functions.extend(entries.filter_map(|entry| rules::constant(field, entry)));
        given.extend(
            functions
                .iter()
                .map(|function| value_given(aggregate, field, function)),
        );
    }
    given
}

/// The value that `function` returns for a field, in its stored form.
fn value_given(aggregate: &Aggregate<'_>, field: &Field<'_>, function: &Ident) -> TokenStream {
    let runtime = &aggregate.attrs.runtime;
    let (private, name) = (runtime.private(), field.ident);
    let text = name.unraw().to_string();
    let written = form::written_with(field.original);
    if written.is_empty() {
        return quote!((#text, || #private::given(#private::Show(&#function()).json())));
    }
    let serde = runtime.re_export("serde");
    let ty = replace_self(field.ty(), aggregate.ident());
    let allow = schema::copy_of_the_users();
    quote! {
        (#text, || {
            #[derive(#private::serde::Serialize)]
            #[serde(crate = #serde)]
            #allow
            struct __Given { #[serde(#(#written),*)] #name: #ty }
            #private::given(#private::Show(&__Given { #name: #function() }).json())
        })
    }
}

/// Whether an event can affect the state. A new event that changes nothing leaves old snapshots usable.
fn counts(event: &Event<'_>) -> bool {
    event.creating || !matches!(event.effect, Effect::Nothing)
}

/// The tokens that decide what state a history gives and how it is written. If they change, old snapshots are stale.
fn what_makes_the_state(aggregate: &Aggregate<'_>) -> TokenStream {
    let fields = aggregate.fields.iter().map(|field| {
        let (name, ty) = (field.ident, field.ty());
        let rules = field.original.attrs.iter().filter_map(|attribute| {
            let counts = attr::is(attribute, ON) || attribute.path().is_ident("serde");
            counts.then_some(&attribute.meta)
        });
        quote!(#(#rules)* #name: #ty)
    });
    let AggregateAttrs { split, retired, .. } = &aggregate.attrs;
    let split = split
        .iter()
        .map(|Split { event, function }| quote!(#event => #function));
    let past = match (split.len(), retired.len()) {
        (0, 0) => TokenStream::new(),
        _ => quote!(split(#(#split),*) retired(#(#retired),*)),
    };
    let created_by = aggregate.creating().map(Entry::tokens);
    let events = aggregate.changing();
    let events = events.filter(|entry| !matches!(entry.effect, Effect::Nothing));
    let events = events.map(Entry::tokens);
    let number = aggregate.attrs.snapshot.as_ref();
    let number = number
        .map(SnapshotAttrs::number)
        .filter(|number| *number > 1);
    let number = number.map(|number| quote!(version(#number)));
    quote!(created_by(#(#created_by),*) events(#(#events),*) #past #number { #(#fields,)* })
}
