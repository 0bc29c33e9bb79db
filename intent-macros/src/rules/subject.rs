//! What the rules change: the state of an aggregate, or a row of a read model.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote};
use syn::Path;

use super::entry::Entry;
use crate::syntax::{
    paths::{Runtime, last_ident},
    respan::generated,
};

/// What the rules change. It decides what a rule sees of an event, and what errors say.
#[derive(Clone, Copy)]
pub(crate) enum Subject {
    Aggregate,
    Row,
    /// A row of an inline model, which is written with the event.
    InlineRow,
}

impl Subject {
    /// The type of an event in a rule: the event itself, `Recorded<E>`, or `Emitted<E>`.
    pub(crate) fn seen(&self, runtime: &Runtime, event: &Path) -> TokenStream {
        match self {
            Self::Aggregate => event.to_token_stream(),
            Self::Row => quote!(#runtime::Recorded<#event>),
            Self::InlineRow => quote!(#runtime::Emitted<#event>),
        }
    }

    /// The trait that a listed event of a read model has: with `by` the aggregate has any id, without it that id is the key. The
    /// generated code has the type of the key as `__Key`.
    ///
    /// ```
    /// <Deposited as OwnEvent<__Key>>
    /// <Deposited as EventWithoutOf<_>>          // Deposited by |e| ..
    /// <Deposited as EventWithOf<Account>>       // Deposited of Account by |e| ..
    /// <Deposited as InlineEvent<__Key>>         // of an inline model
    /// ```
    pub(crate) fn listed(self, runtime: &Runtime, entry: &Entry) -> TokenStream {
        let event = &entry.event;
        // The compiler blames the event if the whole path stands there.
        let span = entry.ident().span();
        let own = match self {
            Self::InlineRow => "InlineEvent",
            _ => "OwnEvent",
        };
        let [bounds, own, without_of, with_of] =
            ["bounds", own, "EventWithoutOf", "EventWithOf"].map(|name| generated(name, span));
        let bounds = runtime.at(span).into_iter().chain(quote!(::#bounds));
        let bounds: TokenStream = bounds.collect();
        match (&entry.by, &entry.of) {
            (Some(_), Some(of)) => {
                let of = &of.value;
                quote!(<#event as #bounds::#with_of<#of>>)
            }
            (Some(_), None) => quote!(<#event as #bounds::#without_of<_>>),
            (None, _) => {
                quote!(<#event as #bounds::#own<__Key>>)
            }
        }
    }

    /// The error of a rule's arithmetic, where `fault` is what the operator cannot do.
    ///
    /// ```
    /// overflow::<Account, Deposited>("balance", fault)
    /// row_overflow::<AccountBalance>(<Deposited as OwnEvent<__Key>>::NAME, "balance", fault)
    /// ```
    pub(super) fn overflow(
        &self,
        runtime: &Runtime,
        owner: &Ident,
        entry: &Entry,
        field: &str,
    ) -> TokenStream {
        let (private, event) = (runtime.private(), &entry.event);
        match self {
            Self::Aggregate => quote!(#private::overflow::<#owner, #event>(#field, fault)),
            Self::Row | Self::InlineRow => {
                let listed = self.listed(runtime, entry);
                quote!(#private::row_overflow::<#owner>(#listed::NAME, #field, fault))
            }
        }
    }

    /// The trait of a field's type that gives the field its `Default`. `entry` is the event that creates; `None` if every event does.
    pub(super) fn initial(
        &self,
        runtime: &Runtime,
        owner: &Ident,
        entry: Option<&Entry>,
    ) -> TokenStream {
        let private = runtime.private();
        match (self, entry.map(|entry| &entry.event)) {
            (Self::Aggregate, event) => quote!(#private::Initial<#owner, #event>),
            (_, Some(event)) => quote!(#private::InitialInRow<#owner, #event>),
            (_, None) => quote!(#private::Blank<#owner>),
        }
    }

    /// The type of an event in a rule, as people write it.
    pub(super) fn shown(&self, event: &Path) -> String {
        let name = last_ident(event).map_or_else(String::new, Ident::to_string);
        match self {
            Self::Aggregate => name,
            Self::Row => format!("Recorded<{name}>"),
            Self::InlineRow => format!("Emitted<{name}>"),
        }
    }
}
