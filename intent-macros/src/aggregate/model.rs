//! What the user wrote about an aggregate.

use proc_macro2::Span;
use quote::format_ident;
use syn::{Attribute, Data, DeriveInput, Expr, ExprClosure, Ident, Path, Type, ext::IdentExt as _};

use super::attrs::{self, AggregateAttrs, Change, Effect, Listed, Rule};
use crate::{
    source,
    syntax::{
        attr::{self, Keyed},
        diag::Diagnostics,
        paths::{last_ident, same, shown},
        suggest::did_you_mean,
        symbol::{EVENTS, ID, ON},
    },
};

/// An aggregate as its author describes it.
pub(super) struct Aggregate<'a> {
    pub(super) original: &'a DeriveInput,
    pub(super) attrs: AggregateAttrs,
    /// Empty if it is not a struct with named fields.
    pub(super) fields: Vec<Field<'a>>,
    /// What else has the name of the enum of events, as in "a struct".
    pub(super) enum_taken_by: Option<&'static str>,
}

/// One field of the state.
pub(super) struct Field<'a> {
    pub(super) original: &'a syn::Field,
    pub(super) ident: &'a Ident,
    pub(super) id: Option<&'a Attribute>,
    pub(super) rules: Vec<Rule>,
}

/// An event of the aggregate, from one of its two lists.
#[derive(Clone, Copy)]
pub(super) struct Event<'a> {
    pub(super) path: &'a Path,
    pub(super) effect: &'a Effect,
    pub(super) creating: bool,
}

impl<'a> Aggregate<'a> {
    pub(super) fn new(diag: &Diagnostics, attrs: AggregateAttrs, item: &'a DeriveInput) -> Self {
        let fields = match &item.data {
            Data::Struct(data) => data
                .fields
                .iter()
                .filter_map(|field| Field::new(diag, field))
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

    /// The enum of its events. Where its name is taken, which is a mistake, it has another one.
    pub(super) fn event_enum(&self) -> Ident {
        let (ident, span) = (self.ident().unraw(), self.ident().span());
        match self.enum_taken_by {
            None => format_ident!("{ident}Event", span = span),
            Some(_) => format_ident!("__{ident}Event", span = span),
        }
    }

    /// All events, those that create first.
    pub(super) fn events(&self) -> impl Iterator<Item = Event<'_>> {
        let created_by = self.attrs.created_by.iter().flat_map(|list| &list.value);
        let events = self.attrs.events.iter().flat_map(|list| &list.value);
        created_by
            .map(listed(true))
            .chain(events.map(listed(false)))
    }

    /// The events that have rules and are not listed, but for those that are most likely misspelt.
    pub(super) fn unlisted(&self) -> Vec<Path> {
        let rules = self.fields.iter().flat_map(|field| &field.rules);
        let unlisted = rules.filter(|rule| {
            let listed = self.events().any(|event| event.is_meant_by(rule));
            !listed && self.meant_by(rule).is_none()
        });
        let mut paths: Vec<Path> = Vec::new();
        for rule in unlisted {
            if !paths
                .iter()
                .any(|known| last_ident(known) == last_ident(&rule.event))
            {
                paths.push(rule.event.clone());
            }
        }
        paths
    }

    /// Mends the lists as far as it can be told how: what has rules is listed, and the enum of events is not.
    pub(super) fn mend_lists(&mut self) {
        let paths = self.unlisted();
        let event_enum = self.event_enum();
        let key = Ident::new(EVENTS, Span::call_site());
        let value = Vec::new();
        let events = self.attrs.events.get_or_insert(Keyed { key, value });
        events.value.extend(paths.into_iter().map(|path| Listed {
            path,
            effect: Effect::Rules,
        }));
        let created_by = self.attrs.created_by.iter_mut();
        for list in created_by.chain(&mut self.attrs.events) {
            let is_enum = |listed: &Listed| last_ident(&listed.path) == Some(&event_enum);
            list.value.retain(|listed| !is_enum(listed));
        }
    }

    /// The listed event that an unlisted one in a rule is most likely a misspelling of.
    pub(super) fn meant_by(&self, rule: &Rule) -> Option<String> {
        let names: Vec<String> = self
            .events()
            .map(|event| event.variant().to_string())
            .collect();
        let written = last_ident(&rule.event)?.to_string();
        did_you_mean(&written, names.iter().map(String::as_str)).map(str::to_owned)
    }

    /// The field that holds the id.
    pub(super) fn id(&self) -> Option<&Field<'a>> {
        self.fields.iter().find(|field| field.id.is_some())
    }
}

fn listed<'a>(creating: bool) -> impl Fn(&'a Listed) -> Event<'a> {
    move |listed| Event {
        path: &listed.path,
        effect: &listed.effect,
        creating,
    }
}

impl<'a> Event<'a> {
    /// Its variant in the enum of events.
    pub(super) fn variant(&self) -> &'a Ident {
        // A path that was parsed has at least one segment.
        match last_ident(self.path) {
            Some(ident) => ident,
            None => &self.path.segments[0].ident,
        }
    }

    /// The name in messages.
    pub(super) fn text(&self) -> String {
        shown(self.path)
    }

    pub(super) fn span(&self) -> Span {
        self.variant().span()
    }

    /// Whether a rule means this event: by the same path, or by the last segment of it.
    pub(super) fn is_meant_by(&self, rule: &Rule) -> bool {
        same(self.path, &rule.event) || rule.event.is_ident(self.variant())
    }
}

impl<'a> Field<'a> {
    fn new(diag: &Diagnostics, field: &'a syn::Field) -> Option<Self> {
        let rules = field
            .attrs
            .iter()
            .filter(|attribute| attr::is(attribute, ON))
            .flat_map(|attribute| attrs::rules(diag, attribute))
            .collect();
        Some(Self {
            original: field,
            ident: field.ident.as_ref()?,
            id: field.attrs.iter().find(|attribute| attr::is(attribute, ID)),
            rules,
        })
    }

    pub(super) fn ty(&self) -> &'a Type {
        &self.original.ty
    }

    /// Its rule for `event`.
    pub(super) fn rule(&self, event: Event<'_>) -> Option<&Rule> {
        self.rules.iter().find(|rule| event.is_meant_by(rule))
    }
}

impl Rule {
    /// The closure of the rule, if it has one, with what its parameters are to be.
    pub(super) fn closure(&self) -> Option<(&ExprClosure, &'static [&'static str])> {
        match &self.change {
            Change::Assign(Expr::Closure(closure)) | Change::Operate(_, Expr::Closure(closure)) => {
                Some((closure, &["e"]))
            }
            Change::InPlace(closure) => Some((closure, &["field", "e"])),
            Change::Assign(_) | Change::Operate(..) => None,
        }
    }
}
