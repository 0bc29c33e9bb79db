//! Looking things up in the log: what is asked for, and pages of what was found.

use crate::{
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        id::{AggregateId, CommandId, CorrelationId, TenantId},
        metadata::MetadataError,
        stream::AggregateType,
    },
    store::{error::StoreError, selection::LogSelection},
};
use uuid::Uuid;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
use crate::{
    record::{
        id::EventId, metadata::Metadata, stream::StreamId, timestamp::Timestamp, version::Position,
    },
    store::append::Append,
};

/// What to look for from the end of the log backwards.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LookBack<'a> {
    /// Where to begin: at the event that this cursor is after. `None` for the end of the log.
    pub from: Option<Cursor>,
    /// The events of this tenant, or of all.
    pub tenant: Option<TenantId>,
    /// Which of them.
    pub filter: &'a LogSelection,
    /// Only events whose metadata names this actor.
    pub actor: Option<&'a str>,
    /// Only events with this text in their payload or metadata, as the JSON is stored. Upper and lower case of A to Z count as
    /// the same letter, and no others do.
    pub text: Option<&'a str>,
    /// How many events to find at most, at least one.
    pub limit: usize,
}

impl<'a> LookBack<'a> {
    /// How many events one step looks at, wanted or not: 10,000.
    pub const STEP: usize = 10_000;

    /// The newest events of all tenants that match a selection, at most this many.
    pub fn new(filter: &'a LogSelection, limit: usize) -> Self {
        Self {
            from: None,
            tenant: None,
            filter,
            actor: None,
            text: None,
            limit,
        }
    }

    /// Whether an event is wanted. Its tenant is not looked at.
    ///
    /// # Errors
    /// When an actor is asked for and the event's metadata cannot be read.
    pub fn wants(&self, event: &RecordedEvent) -> Result<bool, MetadataError> {
        let has_text =
            |text: &str| contains(&event.payload, text) || contains(event.metadata.json(), text);
        if !self.filter.has(event) || !self.text.is_none_or(has_text) {
            return Ok(false);
        }
        self.is_by_actor(event)
    }

    /// Whether an event is by the actor that is asked for.
    pub(crate) fn is_by_actor(&self, event: &RecordedEvent) -> Result<bool, MetadataError> {
        match self.actor {
            Some(actor) => Ok(event.metadata()?.actor.as_deref() == Some(actor)),
            None => Ok(true),
        }
    }
}

/// Whether a text contains another, if upper and lower case of A to Z count as the same letter.
fn contains(text: &str, wanted: &str) -> bool {
    text.to_ascii_lowercase()
        .contains(&wanted.to_ascii_lowercase())
}

/// A text as SQL compares it: in lower case, and without U+0000, which no column holds.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) fn lowered(text: &str) -> String {
    text.to_ascii_lowercase().replace('\0', "\u{1f}")
}

/// A text that the metadata of every event of an actor contains, so that SQL finds the few events that have to be parsed: the
/// actor as a JSON string. If that has a backslash, JSON can write it in several ways, so it is a single backslash.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) fn actor_token(actor: &str) -> String {
    let json = serde_json::Value::from(actor).to_string();
    if json.contains('\\') {
        return "\\".to_owned();
    }
    json
}

/// Events that were looked up, in the order they were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventPage {
    /// The events.
    pub events: Vec<RecordedEvent>,
    /// Where to go on; `None` if there is nothing further.
    pub next: Option<Cursor>,
}

impl EventPage {
    /// A page of these events, and where the next one begins. For stores.
    pub fn new(events: Vec<RecordedEvent>, next: Option<Cursor>) -> Self {
        Self { events, next }
    }
}

/// Which events of a correlation to read.
///
/// They are those whose metadata names it, and, where the metadata names none, those of the command that has its id.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ReadCorrelation {
    /// The tenant.
    pub tenant: TenantId,
    /// The correlation.
    pub id: CorrelationId,
    /// Only events behind this cursor.
    pub after: Cursor,
    /// How many at most, at least one.
    pub limit: usize,
}

impl ReadCorrelation {
    /// The first events of a correlation in a tenant, at most so many.
    pub fn new(tenant: TenantId, id: CorrelationId, limit: usize) -> Self {
        Self {
            tenant,
            id,
            after: Cursor::START,
            limit,
        }
    }

    /// The command whose id the correlation has, if one began it.
    pub fn command(&self) -> CommandId {
        CommandId::from_uuid(self.id.as_uuid())
    }

    /// The page, made of the events that name the correlation, at least the first ones behind the cursor, and of those of its
    /// [`command`](Self::command). For stores.
    ///
    /// # Errors
    /// When the metadata of one of the command's events cannot be read, or the cursor is of another store.
    pub fn page(
        &self,
        store: Uuid,
        naming: Vec<RecordedEvent>,
        of_command: Vec<RecordedEvent>,
    ) -> Result<EventPage, StoreError> {
        let after = self.after.position_in(store)?;
        let mut events = naming;
        for event in of_command {
            let named = event.metadata()?.correlation_id;
            if named.is_none_or(|named| named == self.id) {
                events.push(event);
            }
        }
        events.retain(|event| event.position.get() > after);
        events.sort_by_key(|event| event.position);
        events.dedup_by_key(|event| event.position);
        events.truncate(self.limit.max(1));
        let full = events.last().filter(|_| events.len() >= self.limit);
        let next = full.map(|last| Cursor::after(store, last.position));
        Ok(EventPage::new(events, next))
    }
}

/// What the column beside an appended event has: the correlation, unless that is the id of the event's own command, by which it
/// is found anyway. Most commands begin a correlation, and so cost the index nothing.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) fn correlation_of_appended(append: &Append) -> Option<Uuid> {
    correlation(&append.metadata, |command| command == append.command_id)
}

/// The same for an imported event. Its id may be one that was not made from its command's, so only the first event of a command
/// goes without.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) fn correlation_of_imported(event: &RecordedEvent) -> Option<Uuid> {
    let is_first_of = |command| EventId::of(command, 0) == event.id;
    correlation(event.metadata().ok()?, is_first_of)
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
fn correlation(metadata: &Metadata, is_of: impl FnOnce(CommandId) -> bool) -> Option<Uuid> {
    let id = metadata.correlation_id?.as_uuid();
    (!is_of(CommandId::from_uuid(id))).then_some(id)
}

/// Which aggregates of a type to list.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ListStreams {
    /// The tenant.
    pub tenant: TenantId,
    /// Their type; under its former names too.
    pub aggregate_type: AggregateType,
    /// Only those behind this one.
    pub after: Option<AggregateId>,
    /// Whether the one that was begun last comes first, instead of the one that was begun first.
    pub newest_first: bool,
    /// How many at most.
    pub limit: usize,
}

impl ListStreams {
    /// The aggregates of a tenant of this type, at most so many, in the order they were begun.
    pub fn new(tenant: TenantId, aggregate_type: AggregateType, limit: usize) -> Self {
        Self {
            tenant,
            aggregate_type,
            after: None,
            newest_first: false,
            limit,
        }
    }
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl ListStreams {
    /// The stream of one of them.
    pub(crate) fn stream(&self, aggregate_id: AggregateId) -> StreamId {
        StreamId {
            tenant_id: self.tenant,
            aggregate_type: self.aggregate_type.clone(),
            aggregate_id,
        }
    }
}

/// The first aggregates of a list, from those found under each of the names of the type, with the positions where they begin.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) fn first_of_all(
    mut begun: Vec<(i64, AggregateId)>,
    list: &ListStreams,
) -> Vec<AggregateId> {
    begun.sort_unstable_by_key(|(position, _)| *position);
    if list.newest_first {
        begun.reverse();
    }
    begun.truncate(list.limit);
    begun.into_iter().map(|(_, id)| id).collect()
}

/// The page of one step back. SQL found events, which may include those of other actors. The step looked at `looked` events,
/// down to position `lowest`.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) fn page_back(
    store: Uuid,
    look: &LookBack<'_>,
    (looked, lowest): (i64, Option<i64>),
    mut found: Vec<RecordedEvent>,
) -> Result<EventPage, StoreError> {
    let full = found.len() >= look.limit.max(1);
    let next = match found.last() {
        Some(last) if full => Cursor::before(store, last.position),
        _ if usize::try_from(looked).is_ok_and(|looked| looked < LookBack::STEP) => None,
        _ => lowest.and_then(|lowest| Cursor::before(store, Position::new(lowest.unsigned_abs()))),
    };
    let mut unreadable = Ok(());
    found.retain(|event| {
        look.is_by_actor(event).unwrap_or_else(|error| {
            unreadable = Err(error);
            false
        })
    });
    unreadable?;
    Ok(EventPage::new(found, next))
}

/// Finds where the log stood at a time by halving. It looks for the position of the last event recorded at or before the time,
/// after which comes a later one or none.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
#[derive(Debug)]
pub(crate) struct Halving {
    time: Timestamp,
    low: i64,
    high: i64,
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl Halving {
    pub(crate) fn new(time: Timestamp) -> Self {
        let (low, high) = (0, i64::MAX);
        Self { time, low, high }
    }

    /// The position after which to ask for the first event; `None` when the search is over.
    pub(crate) fn middle(&self) -> Option<i64> {
        (self.low < self.high).then_some(self.low + (self.high - self.low) / 2)
    }

    /// Takes the position and time of the first event after the middle.
    pub(crate) fn take(&mut self, middle: i64, first: Option<(i64, Timestamp)>) {
        match first {
            Some((position, recorded_at)) if recorded_at <= self.time => self.low = position,
            _ => self.high = middle,
        }
    }

    /// What it found.
    pub(crate) fn found(&self) -> Position {
        Position::new(self.low.unsigned_abs())
    }
}
