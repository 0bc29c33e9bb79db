//! [`LogSelection`]: which events of the log a reader wants, by stored names.

use crate::record::{event::RecordedEvent, id::AggregateId};

/// The stored name of a type of aggregate together with that of an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct EventName {
    /// The type of the aggregate; `None` for any.
    pub aggregate_type: Option<String>,
    /// The name of the event; `None` for any.
    pub event_type: Option<String>,
}

impl EventName {
    /// The event of this name of this type of aggregate; `None` for any.
    pub fn new(aggregate_type: Option<&str>, event_type: Option<&str>) -> Self {
        Self {
            aggregate_type: aggregate_type.map(str::to_owned),
            event_type: event_type.map(str::to_owned),
        }
    }

    fn is_of(&self, event: &RecordedEvent) -> bool {
        let is = |name: &Option<String>, of: &str| name.as_deref().is_none_or(|name| name == of);
        is(&self.aggregate_type, &event.aggregate_type) && is(&self.event_type, &event.event_type)
    }
}

/// Which events of the log a reader wants: those that have one of the names and belong to one of the aggregates. An empty list
/// stands for all. A store gets it in place of a [`LogFilter`](crate::LogFilter). It has no type of the domain, only stored
/// names, including former ones.
///
/// ```
/// use intent_runtime::store::{EventName, LogSelection};
/// let deposits = LogSelection::all().name(EventName::new(Some("Account"), Some("Deposited")));
/// assert_eq!(deposits.names.len(), 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogSelection {
    /// Events of these names; of every name if there are none.
    pub names: Vec<EventName>,
    /// And only events of these aggregates; of every aggregate if there are none.
    pub aggregate_ids: Vec<AggregateId>,
}

impl LogSelection {
    /// Every event.
    pub fn all() -> Self {
        Self::default()
    }

    /// Adds a name. Without names, events of every name match.
    #[must_use]
    pub fn name(mut self, name: EventName) -> Self {
        if !self.names.contains(&name) {
            self.names.push(name);
        }
        self
    }

    /// Adds an aggregate. Without aggregates, events of every aggregate match.
    #[must_use]
    pub fn aggregate_id(mut self, id: AggregateId) -> Self {
        if !self.aggregate_ids.contains(&id) {
            self.aggregate_ids.push(id);
        }
        self
    }

    /// Whether an event matches.
    pub fn has(&self, event: &RecordedEvent) -> bool {
        (self.names.is_empty() || self.names.iter().any(|name| name.is_of(event)))
            && (self.aggregate_ids.is_empty() || self.aggregate_ids.contains(&event.aggregate_id))
    }
}

/// The names of a selection as lists that SQL compares a row with.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
#[derive(Debug, Default)]
pub(crate) struct NameLists {
    /// Whether every name will do.
    pub(crate) any: bool,
    /// All events of these types of aggregates.
    pub(crate) aggregate_types: Vec<String>,
    /// The events of these names of every aggregate.
    pub(crate) event_types: Vec<String>,
    /// Type and name with U+001F between them, which no name has.
    pub(crate) pairs: Vec<String>,
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl NameLists {
    pub(crate) fn of(selection: &LogSelection) -> Self {
        let mut lists = Self {
            any: selection.names.is_empty(),
            ..Self::default()
        };
        for EventName {
            aggregate_type,
            event_type,
        } in &selection.names
        {
            match (aggregate_type, event_type) {
                (None, None) => lists.any = true,
                (Some(aggregate), None) => lists.aggregate_types.push(aggregate.clone()),
                (None, Some(event)) => lists.event_types.push(event.clone()),
                (Some(aggregate), Some(event)) => {
                    lists.pairs.push(format!("{aggregate}\u{1f}{event}"));
                }
            }
        }
        lists
    }
}
