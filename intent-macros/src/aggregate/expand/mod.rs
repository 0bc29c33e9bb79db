//! What `#[derive(Aggregate)]` generates.

mod events;
mod past;
mod snapshot;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt as _;

use super::model::{Aggregate, Event};
use crate::{
    emit::scope,
    item::former,
    rules::{
        emit::{self, Emitter},
        entry::Effect,
        subject::Subject,
    },
    syntax::{docs, respan::replace_self},
};

/// The enum of events beside the struct, and everything else in a hidden scope.
pub(super) fn expand(aggregate: &Aggregate<'_>) -> TokenStream {
    let event_enum = events::event_enum(aggregate);
    let functions: TokenStream = aggregate
        .events()
        .filter_map(|event| function(aggregate, event))
        .collect();
    let rest = [
        aggregate_impl(
            aggregate,
            &init(aggregate),
            &apply(aggregate),
            &show(aggregate),
        ),
        functions,
        rules(aggregate),
        snapshot::snapshot(aggregate),
        events::impls(aggregate),
        past::splits(aggregate),
        past::unique_names(aggregate),
    ];
    let rest = scope::unnamed(&rest.into_iter().collect());
    quote! { #event_enum #rest }
}

/// The same impls without content, for the fallback.
pub(super) fn stub(aggregate: &Aggregate<'_>) -> TokenStream {
    let event_enum = events::event_enum(aggregate);
    let rest = [
        aggregate_impl(
            aggregate,
            &quote!(loop {}),
            &quote!(loop {}),
            &TokenStream::new(),
        ),
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
///     fn show(&self, fields: &mut ShownFields) { … }
///     fn commands(list: &mut CommandList<Self>) { /* those of `#[commands]`, if there is such a block */ }
/// }
/// ```
fn aggregate_impl(
    aggregate: &Aggregate<'_>,
    init: &TokenStream,
    apply: &TokenStream,
    show: &TokenStream,
) -> TokenStream {
    let runtime = &aggregate.attrs.runtime;
    let private = runtime.private();
    let (ident, event_enum) = (aggregate.ident(), aggregate.event_enum());
    let name = aggregate.name();
    let formerly = former::constant(&aggregate.attrs.formerly);
    let doc = docs::text(&aggregate.original.attrs);
    let is_creating = aggregate.events().map(|event| {
        let (variant, creating) = (event.ident(), event.creating);
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

            #show

            #[inline]
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
        let variant = event.ident();
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
        let variant = event.ident();
        match &event.effect {
            Effect::Rules if !event.creating => {
                let changes = emit::apply(&aggregate.fields, &event, &quote!(self));
                quote!(#event_enum::#variant(event) => { #changes })
            }
            Effect::Function(_) if !event.creating => {
                let function = emit::change_name(&event);
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

/// ```
/// fn show(&self, fields: &mut ShownFields) {
///     fields.add("owner", Show(&self.owner).json(), Show(&self.owner).text());
/// }
/// ```
fn show(aggregate: &Aggregate<'_>) -> TokenStream {
    let runtime = &aggregate.attrs.runtime;
    let private = runtime.private();
    let fields = aggregate.fields.iter().map(|field| {
        let (name, text) = (field.ident, field.ident.unraw().to_string());
        quote! {
            fields.add(
                #text,
                #private::Show(&self.#name).json(),
                #private::Show(&self.#name).text(),
            );
        }
    });
    quote! {
        #[inline]
        fn show(&self, fields: &mut #runtime::model::ShownFields) {
            #[allow(unused_imports)]
            use #private::{NoDebug as _, NoJson as _};
            #(#fields)*
        }
    }
}

/// The rules, and the id's own function.
fn rules(aggregate: &Aggregate<'_>) -> TokenStream {
    let (creating, changing) = (aggregate.creating(), aggregate.changing());
    let functions = emitter(aggregate).functions(&aggregate.fields, creating, changing);
    let id = id(aggregate);
    quote!(#id #functions)
}

/// An aggregate's rules see the events themselves.
fn emitter<'a>(aggregate: &'a Aggregate<'_>) -> Emitter<'a> {
    Emitter {
        runtime: &aggregate.attrs.runtime,
        owner: aggregate.ident(),
        subject: Subject::Aggregate,
    }
}

/// What a creating event makes, or what an event with a function of its own does.
fn function(aggregate: &Aggregate<'_>, event: Event<'_>) -> Option<TokenStream> {
    match &event.effect {
        _ if event.creating => Some(begin(aggregate, event)),
        Effect::Function(named) => Some(emitter(aggregate).change(&event, named)),
        Effect::Rules | Effect::Nothing => None,
    }
}

/// ```
/// fn __init_opened(id: Id<Account>, event: &Opened) -> Result<Account, Overflow> {
///     Ok(Account { id: __id(id), owner: __owner_on_opened(event), address: __default_address() })
/// }
/// fn __init_opened(id: Id<Account>, event: &Opened) -> Result<Account, Overflow> {     // Opened => Self::opened
///     let init: fn(Id<Account>, &Opened) -> _ = Account::opened;
///     Applied::<Account>::applied(init(id, event))
/// }
/// ```
fn begin(aggregate: &Aggregate<'_>, event: Event<'_>) -> TokenStream {
    let runtime = &aggregate.attrs.runtime;
    let (ident, path, name) = (aggregate.ident(), &event.event, init_name(event));
    let body = match &event.effect {
        Effect::Function(named) => {
            let function = replace_self(named, ident);
            let init = emitter(aggregate).applied(named, Some(ident), &quote!(init(id, event)));
            quote! {
                let init: fn(#runtime::Id<#ident>, &#path) -> _ = #function;
                #init
            }
        }
        Effect::Rules | Effect::Nothing => {
            let fields = aggregate.fields.iter();
            let begun = fields
                .clone()
                .filter_map(|field| emit::begun(field, &event));
            let values = fields.map(|field| match (field.key, field.ident) {
                (Some(_), ident) => quote!(#ident: __id(id)),
                (None, _) => emit::value(field, &event),
            });
            quote! {
                #(#begun)*
                ::core::result::Result::Ok(#ident { #(#values,)* })
            }
        }
    };
    quote! {
        #[inline]
        #[allow(unused_variables)]
        fn #name(
            id: #runtime::Id<#ident>,
            event: &#path,
        ) -> ::core::result::Result<#ident, #runtime::Overflow> {
            #body
        }
    }
}

fn init_name(event: Event<'_>) -> syn::Ident {
    emit::event_name("__init", &event)
}

/// ```
/// fn __id(id: Id<Account>) -> Id<Account> { <Id<Account> as IsIdOf<Account>>::from_id(id) }
/// const _: fn(&Account) -> &Id<Account> = |aggregate| &aggregate.id;
/// ```
///
/// The constant reads the field, which the compiler would otherwise call unused.
fn id(aggregate: &Aggregate<'_>) -> TokenStream {
    let Some(field) = aggregate.id() else {
        return TokenStream::new();
    };
    let runtime = &aggregate.attrs.runtime;
    let private = runtime.private();
    let (name, ident) = (aggregate.ident(), field.ident);
    let ty = replace_self(field.ty(), name);
    quote! {
        #[inline]
        #[allow(dead_code)]
        fn __id(id: #runtime::Id<#name>) -> #ty {
            <#ty as #private::IsIdOf<#name>>::from_id(id)
        }
        const _: fn(&#name) -> &#ty = |aggregate| &aggregate.#ident;
    }
}
