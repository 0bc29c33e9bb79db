//! What `#[derive(Aggregate)]` generates.

mod events;
mod past;
mod rules;
mod snapshot;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::{
    attrs::Effect,
    model::{Aggregate, Event},
};
use crate::{
    emit::scope,
    item::former,
    syntax::{
        docs,
        paths::last_ident,
        respan::{generated, replace_self, snake_case},
    },
};

/// The enum of events beside the struct, and all else unseen.
pub(super) fn expand(aggregate: &Aggregate<'_>) -> TokenStream {
    let event_enum = events::event_enum(aggregate);
    let functions: TokenStream = aggregate
        .events()
        .filter_map(|event| function(aggregate, event))
        .collect();
    let rest = [
        aggregate_impl(aggregate, &init(aggregate), &apply(aggregate)),
        functions,
        rules::rules(aggregate),
        snapshot::snapshot(aggregate),
        events::impls(aggregate),
        past::splits(aggregate),
        past::unique_names(aggregate),
    ];
    let rest = scope::unnamed(&rest.into_iter().collect());
    quote! { #event_enum #rest }
}

/// The same without any content: what the aggregate needs to be one, for the fallback.
pub(super) fn stub(aggregate: &Aggregate<'_>) -> TokenStream {
    let event_enum = events::event_enum(aggregate);
    let rest = [
        aggregate_impl(aggregate, &quote!(loop {}), &quote!(loop {})),
        snapshot::stub(aggregate),
        events::impls(aggregate),
    ];
    let rest = scope::unnamed(&rest.into_iter().collect());
    quote! { #event_enum #rest }
}

/// ```
/// impl Aggregate for Account {
///     type Event = AccountEvent;
///     const TYPE: &'static str = "Account";
///     const FORMERLY: &'static [&'static str] = &["BankAccount"];
///     const DOC: &'static str = "A customer's account.";
///     fn init(id: Id<Self>, event: &Self::Event) -> Result<Option<Self>, Overflow> { … }
///     fn apply(&mut self, event: &Self::Event) -> Result<(), Overflow> { … }
///     fn is_creating(event: &Self::Event) -> bool {
///         match event { AccountEvent::Opened(_) => true, AccountEvent::Deposited(_) => false }
///     }
///     fn snapshots() -> Option<SnapshotCodec<Self>> { Some(SnapshotCodec::of()) }
///     fn commands(list: &mut CommandList<Self>) { /* those of `#[commands]`, if there is such a block */ }
/// }
/// ```
fn aggregate_impl(
    aggregate: &Aggregate<'_>,
    init: &TokenStream,
    apply: &TokenStream,
) -> TokenStream {
    let runtime = &aggregate.attrs.runtime;
    let private = runtime.private();
    let (ident, event_enum) = (aggregate.ident(), aggregate.event_enum());
    let name = aggregate.name();
    let formerly = former::constant(&aggregate.attrs.formerly);
    let doc = docs::text(&aggregate.original.attrs);
    let is_creating = aggregate.events().map(|event| {
        let (variant, creating) = (event.variant(), event.creating);
        quote!(#event_enum::#variant(_) => #creating)
    });
    let matched = matched(aggregate);
    let snapshots = aggregate.attrs.snapshot.as_ref().map(|_| {
        quote! {
            fn snapshots() -> ::core::option::Option<#runtime::model::SnapshotCodec<Self>> {
                ::core::option::Option::Some(#runtime::model::SnapshotCodec::of())
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl #runtime::Aggregate for #ident {
            type Event = #event_enum;
            const TYPE: &'static ::core::primitive::str = #name;
            #formerly
            const DOC: &'static ::core::primitive::str = #doc;

            #[inline]
            #[allow(unused_variables)]
            fn init(
                id: #runtime::Id<Self>,
                event: &Self::Event,
            ) -> ::core::result::Result<::core::option::Option<Self>, #runtime::Overflow> {
                #init
            }

            #[inline]
            #[allow(unused_variables)]
            fn apply(
                &mut self,
                event: &Self::Event,
            ) -> ::core::result::Result<(), #runtime::Overflow> {
                #apply
            }

            #[inline]
            fn is_creating(event: &Self::Event) -> ::core::primitive::bool {
                match #matched { #(#is_creating,)* }
            }

            #snapshots

            fn commands(list: &mut #runtime::catalogue::CommandList<Self>) {
                #[allow(unused_imports)]
                use #private::NoCommandBlock as _;
                #private::CommandProbe::<Self>::new().list(list)
            }
        }
    }
}

/// What to match on: an enum without variants has no references to match.
fn matched(aggregate: &Aggregate<'_>) -> TokenStream {
    match aggregate.events().next() {
        Some(_) => quote!(event),
        None => quote!(*event),
    }
}

/// ```
/// Ok(match event {
///     AccountEvent::Opened(event) => Some(__init_opened(id, event)?),
///     AccountEvent::Deposited(_) => None,
/// })
/// ```
fn init(aggregate: &Aggregate<'_>) -> TokenStream {
    let event_enum = aggregate.event_enum();
    let arms = aggregate.events().map(|event| {
        let variant = event.variant();
        if !event.creating {
            return quote!(#event_enum::#variant(_) => ::core::option::Option::None);
        }
        let function = init_name(event);
        quote!(#event_enum::#variant(event) => ::core::option::Option::Some(#function(id, event)?))
    });
    quote! { ::core::result::Result::Ok(match event { #(#arms,)* }) }
}

/// ```
/// match event {
///     AccountEvent::Opened(_) => {}
///     AccountEvent::Deposited(event) => {
///         __balance_on_deposited(&mut self.balance, event)?;
///     }
///     AccountEvent::Moved(event) => __apply_moved(self, event)?,
///     AccountEvent::Audited(_) => {}
/// }
/// Ok(())
/// ```
fn apply(aggregate: &Aggregate<'_>) -> TokenStream {
    let event_enum = aggregate.event_enum();
    let arms = aggregate.events().map(|event| {
        let variant = event.variant();
        match event.effect {
            Effect::Rules if !event.creating => {
                let changes = aggregate
                    .fields
                    .iter()
                    .filter_map(|field| rules::apply(field, event));
                quote!(#event_enum::#variant(event) => { #(#changes)* })
            }
            Effect::Function(_) if !event.creating => {
                let function = apply_name(event);
                quote!(#event_enum::#variant(event) => #function(self, event)?,)
            }
            _ => quote!(#event_enum::#variant(_) => {}),
        }
    });
    quote! {
        match event { #(#arms)* }
        ::core::result::Result::Ok(())
    }
}

/// What a creating event makes, or what an event with a function of its own does.
///
/// ```
/// fn __init_opened(id: Id<Account>, event: &Opened) -> Result<Account, Overflow> {
///     Ok(Account { id: __id(id), owner: __owner_on_opened(event), address: __default_address() })
/// }
/// fn __apply_moved(aggregate: &mut Account, event: &Moved) -> Result<(), Overflow> {
///     let apply: fn(&mut Account, &Moved) -> _ = Account::moved;
///     Applied::<()>::applied(apply(aggregate, event))
/// }
/// ```
///
/// The typed pointer makes a wrong signature an error at the path that the user wrote, and compiles to the call.
fn function(aggregate: &Aggregate<'_>, event: Event<'_>) -> Option<TokenStream> {
    let runtime = &aggregate.attrs.runtime;
    let (ident, path) = (aggregate.ident(), event.path);
    let result = |ty: TokenStream| quote!(::core::result::Result<#ty, #runtime::Overflow>);
    match event.effect {
        Effect::Function(named) => {
            let function = replace_self(named, ident);
            // What it returns is the fault of the word that names it.
            let span = last_ident(named).map_or_else(|| named.span(), syn::Ident::span);
            let private = runtime.private_at(span);
            Some(if event.creating {
                let (name, output) = (init_name(event), result(quote!(#ident)));
                let init = quote_spanned! {span=>
                    #private::Applied::<#ident>::applied(init(id, event))
                };
                quote! {
                    #[inline]
                    fn #name(id: #runtime::Id<#ident>, event: &#path) -> #output {
                        let init: fn(#runtime::Id<#ident>, &#path) -> _ = #function;
                        #init
                    }
                }
            } else {
                let (name, output) = (apply_name(event), result(quote!(())));
                let apply = quote_spanned! {span=>
                    #private::Applied::<()>::applied(apply(aggregate, event))
                };
                quote! {
                    #[inline]
                    fn #name(aggregate: &mut #ident, event: &#path) -> #output {
                        let apply: fn(&mut #ident, &#path) -> _ = #function;
                        #apply
                    }
                }
            })
        }
        _ if event.creating => {
            let (name, output) = (init_name(event), result(quote!(#ident)));
            let begun = aggregate
                .fields
                .iter()
                .filter_map(|field| rules::begun(field, event));
            let values = aggregate
                .fields
                .iter()
                .map(|field| rules::value(field, event));
            Some(quote! {
                #[inline]
                #[allow(unused_variables)]
                fn #name(id: #runtime::Id<#ident>, event: &#path) -> #output {
                    #(#begun)*
                    ::core::result::Result::Ok(#ident { #(#values,)* })
                }
            })
        }
        _ => None,
    }
}

fn init_name(event: Event<'_>) -> syn::Ident {
    name_for("__init", event)
}

fn apply_name(event: Event<'_>) -> syn::Ident {
    name_for("__apply", event)
}

fn name_for(prefix: &str, event: Event<'_>) -> syn::Ident {
    let event = snake_case(&event.variant().to_string());
    generated(format!("{prefix}_{event}"), Span::call_site())
}
