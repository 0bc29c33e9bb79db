//! [`LogFilter`]: which events of the log a reader wants, named by their types.

use std::{any::TypeId, iter};

use crate::{
    model::{
        aggregate::Aggregate,
        event::{AggregateEvent, Event, EventOf},
        kinds::{AggregateKind, EventKind},
    },
    record::id::{AggregateId, Id},
    schema::catalogue::Catalogue,
    store::selection::{EventName, LogSelection},
};

/// Which events of the log are wanted. A filter names pairs of a type of aggregate and an event: each aggregate that you name
/// with each event that you name. If you name only aggregates, all their events are wanted. If you name only events, they are
/// wanted of every aggregate of the domain that lists them. [`event_of`](Self::event_of) adds one pair. If you name aggregates
/// by [`id`](Self::id), only their events are wanted.
///
/// An [`App`](crate::App) looks the pairs up in its domain, by their names and former names. If an aggregate splits past
/// events, these are included, since a wanted event may be one of the parts. So events of two aggregates that share a name are
/// not mixed up. An event that no aggregate lists would never come, so reading with such a filter is
/// [`StoreError::InvalidFilter`](crate::StoreError::InvalidFilter). Names that you give as text are not checked.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::LogFilter;
/// let deposits = LogFilter::all().event::<Deposited>();
/// let accounts = LogFilter::all().aggregate::<Account>();
/// let either = LogFilter::all().event_of::<Account, Opened>().event_of::<Account, Deposited>();
/// ```
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    aggregates: Vec<NamedAggregate>,
    events: Vec<NamedEvent>,
    /// What `event_of` names.
    pairs: Vec<(NamedAggregate, NamedEvent)>,
    ids: Vec<AggregateId>,
}

/// A type of aggregate.
#[derive(Clone, Debug)]
struct NamedAggregate {
    /// Its name and its former ones.
    names: Vec<String>,
    /// What it lists; `None` if it was named by text and is not one of the domain's.
    lists: Option<Listed>,
}

#[derive(Clone, Debug)]
struct Listed {
    events: Vec<TypeId>,
    /// The names of the past events that it splits.
    split: Vec<&'static str>,
}

/// An event.
#[derive(Clone, Debug)]
struct NamedEvent {
    /// Its name and its former ones.
    names: Vec<String>,
    /// `None` if it was named by text.
    kind: Option<TypeId>,
}

impl LogFilter {
    /// Every event.
    pub fn all() -> Self {
        Self::default()
    }

    /// Also this type of aggregate, under its name and its former ones.
    #[must_use]
    pub fn aggregate<A: Aggregate>(mut self) -> Self {
        self.aggregates.push(NamedAggregate::of::<A>());
        self
    }

    /// Also the type of aggregate that is stored under this name.
    #[must_use]
    pub fn aggregate_type(mut self, name: impl Into<String>) -> Self {
        self.aggregates.push(NamedAggregate {
            names: vec![name.into()],
            lists: None,
        });
        self
    }

    /// Also this event, under its name and its former ones.
    #[must_use]
    pub fn event<E: Event>(mut self) -> Self {
        self.events.push(NamedEvent::of::<E>());
        self
    }

    /// Also the event that is stored under this name.
    #[must_use]
    pub fn event_type(mut self, name: impl Into<String>) -> Self {
        self.events.push(NamedEvent {
            names: vec![name.into()],
            kind: None,
        });
        self
    }

    /// Also this event of this type of aggregate, whatever else is named.
    #[must_use]
    pub fn event_of<A: Aggregate, E: EventOf<A>>(mut self) -> Self {
        let pair = (NamedAggregate::of::<A>(), NamedEvent::of::<E>());
        self.pairs.push(pair);
        self
    }

    /// Only events of this aggregate. With several such calls, events of any of these aggregates.
    #[must_use]
    pub fn id<A>(mut self, id: Id<A>) -> Self {
        self.ids.push(AggregateId::from_uuid(id.as_uuid()));
        self
    }

    /// The stored names that the filter means in a domain. Or, as an error, the event that none of its aggregates lists.
    pub(crate) fn in_domain(&self, domain: &Catalogue) -> Result<LogSelection, String> {
        let (named, domain) = (self.known_aggregates(domain), domain.aggregates());
        let domain: Vec<NamedAggregate> = domain.iter().map(NamedAggregate::of_kind).collect();
        let mut selection = self.beside_events(&named);
        for event in &self.events {
            let (aggregates, whose) = match named.as_slice() {
                [] if event.kind.is_none() => {
                    selection = event.of_any(selection);
                    continue;
                }
                [] => (&domain, "of the domain"),
                _ => (&named, "that it names"),
            };
            let mut listing = aggregates.iter().filter(|it| it.may_list(event)).peekable();
            if listing.peek().is_none() {
                let event = event.names.join("`, formerly `");
                return Err(format!("no aggregate {whose} lists the event `{event}`"));
            }
            selection = listing.fold(selection, |selection, it| it.with(event, selection));
        }
        Ok(selection)
    }

    /// The aggregates that are named. Those named by text get what the domain knows of them.
    fn known_aggregates(&self, domain: &Catalogue) -> Vec<NamedAggregate> {
        let known = |named: &NamedAggregate| {
            let mut kinds = domain.aggregates().iter();
            let is_it = |kind: &&AggregateKind| named.names.iter().any(|name| kind.is_named(name));
            NamedAggregate {
                names: named.names.clone(),
                lists: named
                    .lists
                    .clone()
                    .or_else(|| kinds.find(is_it).map(Listed::of_kind)),
            }
        };
        self.aggregates.iter().map(known).collect()
    }

    /// Everything that is named, except the events without an aggregate.
    fn beside_events(&self, aggregates: &[NamedAggregate]) -> LogSelection {
        let all = LogSelection::all();
        let selection = self
            .ids
            .iter()
            .copied()
            .fold(all, LogSelection::aggregate_id);
        let pairs = self.pairs.iter();
        let selection = pairs.fold(selection, |selection, (it, event)| {
            it.with(event, selection)
        });
        let whole = aggregates.iter().filter(|_| self.events.is_empty());
        let names = whole.flat_map(|aggregate| &aggregate.names);
        names.fold(selection, |selection, name| {
            selection.name(EventName::new(Some(name), None))
        })
    }
}

/// Without a domain, an event without an aggregate is that of any aggregate, and no pair is checked.
impl From<LogFilter> for LogSelection {
    fn from(filter: LogFilter) -> Self {
        let (aggregates, events) = (&filter.aggregates, filter.events.iter());
        events.fold(filter.beside_events(aggregates), |selection, event| {
            if aggregates.is_empty() {
                return event.of_any(selection);
            }
            let aggregates = aggregates.iter();
            aggregates.fold(selection, |selection, it| it.with(event, selection))
        })
    }
}

impl NamedAggregate {
    fn of<A: Aggregate>() -> Self {
        let names = iter::once(A::TYPE).chain(A::FORMERLY.iter().copied());
        Self {
            names: names.map(str::to_owned).collect(),
            lists: Some(Listed::new(&A::Event::kinds(), &A::Event::split())),
        }
    }

    fn of_kind(kind: &AggregateKind) -> Self {
        let names = iter::once(kind.name).chain(kind.formerly.iter().copied());
        Self {
            names: names.map(str::to_owned).collect(),
            lists: Some(Listed::of_kind(kind)),
        }
    }

    /// Whether the aggregate may list an event. It does not if it is known to list other events only.
    fn may_list(&self, event: &NamedEvent) -> bool {
        let lists = self.lists.as_ref().zip(event.kind);
        lists.is_none_or(|(lists, kind)| lists.events.contains(&kind))
    }

    /// The selection with one of its events, and with the past events that may be split into it.
    fn with(&self, event: &NamedEvent, selection: LogSelection) -> LogSelection {
        let listed = self.lists.as_ref().zip(event.kind);
        let split = listed.filter(|(lists, kind)| lists.events.contains(kind));
        let split = split.map_or([].as_slice(), |(lists, _)| &lists.split);
        let events = event.names.iter().map(String::as_str);
        let mut selection = selection;
        for event in events.chain(split.iter().copied()) {
            for aggregate in &self.names {
                selection = selection.name(EventName::new(Some(aggregate), Some(event)));
            }
        }
        selection
    }
}

impl Listed {
    fn new(events: &[EventKind], split: &[EventKind]) -> Self {
        Self {
            events: events.iter().map(|event| event.type_id).collect(),
            split: split.iter().flat_map(EventKind::names).collect(),
        }
    }

    fn of_kind(kind: &AggregateKind) -> Self {
        Self::new(&kind.events, &kind.split)
    }
}

impl NamedEvent {
    fn of<E: Event>() -> Self {
        Self {
            names: EventKind::of::<E>().names().map(str::to_owned).collect(),
            kind: Some(TypeId::of::<E>()),
        }
    }

    /// The selection with this event of every aggregate.
    fn of_any(&self, selection: LogSelection) -> LogSelection {
        self.names.iter().fold(selection, |selection, name| {
            selection.name(EventName::new(None, Some(name)))
        })
    }
}
