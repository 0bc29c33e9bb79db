//! What the user wrote about an aggregate.

use std::ops::Deref;

use proc_macro2::Span;
use quote::format_ident;
use syn::{Data, DeriveInput, Ident, ext::IdentExt as _};

use super::attrs::AggregateAttrs;
use crate::{
    rules::{
        check::{Lists, unlisted},
        entry::Entry,
        rule::Field,
    },
    source,
    syntax::{
        attr::Keyed,
        diag::Diagnostics,
        symbol::{EVENTS, ID},
    },
};

pub(super) struct Aggregate<'a> {
    pub(super) original: &'a DeriveInput,
    pub(super) attrs: AggregateAttrs,
    /// Empty if it is not a struct with named fields.
    pub(super) fields: Vec<Field<'a>>,
    /// What else has the name of the enum of events, as in "a struct".
    pub(super) enum_taken_by: Option<&'static str>,
}

/// An event of the aggregate, from one of its two lists.
#[derive(Clone, Copy)]
pub(super) struct Event<'a> {
    entry: &'a Entry,
    pub(super) creating: bool,
}

impl Deref for Event<'_> {
    type Target = Entry;

    fn deref(&self) -> &Entry {
        self.entry
    }
}

impl<'a> Aggregate<'a> {
    pub(super) fn new(diag: &Diagnostics, attrs: AggregateAttrs, item: &'a DeriveInput) -> Self {
        let fields = match &item.data {
            Data::Struct(data) => data
                .fields
                .iter()
                .filter_map(|field| Field::new(diag, field, ID))
                .collect(),
            Data::Enum(_) | Data::Union(_) => Vec::new(),
        };
        let event_enum = format!("{}Event", item.ident.unraw());
        Self {
            original: item,
            attrs,
            fields,
            enum_taken_by: source::beside(|scope| scope.written(&event_enum)).flatten(),
        }
    }

    pub(super) fn ident(&self) -> &'a Ident {
        &self.original.ident
    }

    /// The name of the struct without `r#`.
    pub(super) fn text(&self) -> String {
        self.ident().unraw().to_string()
    }

    /// The name its streams are stored under.
    pub(super) fn name(&self) -> String {
        match &self.attrs.name {
            Some(name) => name.value(),
            None => self.text(),
        }
    }

    /// The name of the enum of its events. If that name is taken, which is reported, it is another one.
    pub(super) fn event_enum(&self) -> Ident {
        let (ident, span) = (self.ident().unraw(), self.ident().span());
        match self.enum_taken_by {
            None => format_ident!("{ident}Event", span = span),
            Some(_) => format_ident!("__{ident}Event", span = span),
        }
    }

    /// The events that a history begins with.
    pub(super) fn creating(&self) -> impl Iterator<Item = &Entry> + Clone {
        self.attrs.created_by.iter().flat_map(|list| &list.value)
    }

    /// All other events.
    pub(super) fn changing(&self) -> impl Iterator<Item = &Entry> + Clone {
        self.attrs.events.iter().flat_map(|list| &list.value)
    }

    /// All events; those that create come first.
    pub(super) fn events(&self) -> impl Iterator<Item = Event<'_>> {
        let events = |creating| move |entry| Event { entry, creating };
        let creating = self.creating().map(events(true));
        creating.chain(self.changing().map(events(false)))
    }

    /// All events as entries of their lists.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.creating().chain(self.changing())
    }

    /// The lists, for the checks of rules.
    pub(super) fn lists(&self) -> Lists<'_> {
        Lists {
            owner: self.ident(),
            attribute: "#[aggregate(..)]",
            is_not: "is not an event of",
            entries: self.entries().collect(),
            has_events: self.attrs.events.is_some(),
        }
    }

    /// Corrects the lists where the correction is clear: adds the events that have rules, and removes the enum of events.
    pub(super) fn mend_lists(&mut self) {
        let paths = unlisted(&self.lists(), &self.fields);
        let event_enum = self.event_enum();
        let key = Ident::new(EVENTS, Span::call_site());
        let value = Vec::new();
        let events = self.attrs.events.get_or_insert(Keyed { key, value });
        events.value.extend(paths.into_iter().map(Entry::for_rules));
        for list in self
            .attrs
            .created_by
            .iter_mut()
            .chain(&mut self.attrs.events)
        {
            list.value.retain(|entry| *entry.ident() != event_enum);
        }
    }

    pub(super) fn id(&self) -> Option<&Field<'a>> {
        self.fields.iter().find(|field| field.key.is_some())
    }
}
