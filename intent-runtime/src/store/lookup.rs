//! Looking things up in the log: what is asked for, and pages of what was found.

use crate::{
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        id::{AggregateId, CommandId, CorrelationId, TenantId},
        metadata::MetadataError,
        stream::{AggregateType, StreamId},
    },
    store::{error::StoreError, selection::LogSelection},
};
use uuid::Uuid;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
use crate::{
    record::{id::EventId, metadata::Metadata, version::Position},
    store::append::Append,
};

/// What a page of events still has room for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    events: usize,
    bytes: usize,
    /// Whether it has no event yet. It has room for the first one, however large that is.
    empty: bool,
}

impl Room {
    /// Room for so many events, at least one, and [`EventPage::MAX_BYTES`].
    pub(crate) fn of(limit: usize) -> Self {
        Self {
            events: limit.max(1),
            bytes: EventPage::MAX_BYTES,
            empty: true,
        }
    }

    /// Room for whatever comes.
    #[cfg(feature = "sqlite")]
    pub(crate) fn endless() -> Self {
        Self {
            events: usize::MAX,
            bytes: usize::MAX,
            empty: true,
        }
    }

    /// Whether an event fits, of which it takes note. After one that does not, nothing fits: events are given in order.
    pub(crate) fn take(&mut self, event: &RecordedEvent) -> bool {
        let size = event.bytes();
        let fits = self.empty || (self.events > 0 && size <= self.bytes);
        if fits {
            self.empty = false;
            self.events -= 1;
            self.bytes = self.bytes.saturating_sub(size);
        } else {
            self.bytes = 0;
        }
        fits
    }

    /// Whether nothing more fits.
    pub(crate) fn is_full(&self) -> bool {
        self.events == 0 || self.bytes == 0
    }
}

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
    /// How many bytes of payloads and metadata it has at most, unless its first event has more: 8 MiB.
    pub const MAX_BYTES: usize = 8 * 1024 * 1024;

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

    /// The page, made of the events that name the correlation and of those of its [`command`](Self::command), both in the order
    /// of the log from the cursor on. Each list is complete, or has at least as many events or bytes as a page holds. Events that
    /// the page has no room for are left for the next one. For stores.
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
        let lists = [naming, of_command].map(|mut list| {
            list.retain(|event| event.position.get() > after);
            list
        });
        // Behind the end of a list that is full, the list may lack events.
        let full = lists.iter().filter(|list| {
            let mut room = Room::of(self.limit);
            list.iter().any(|event| !room.take(event) || room.is_full())
        });
        let known = full.filter_map(|list| Some(list.last()?.position)).min();
        let [mut events, of_command] = lists;
        for event in of_command {
            let named = event.metadata()?.correlation_id;
            if named.is_none_or(|named| named == self.id) {
                events.push(event);
            }
        }
        events.retain(|event| known.is_none_or(|known| event.position <= known));
        events.sort_by_key(|event| event.position);
        events.dedup_by_key(|event| event.position);
        let mut room = Room::of(self.limit);
        let fit = events.iter().take_while(|event| room.take(event)).count();
        let last = match fit < events.len() {
            true => events[..fit].last().map(|event| event.position),
            false => known,
        };
        events.truncate(fit);
        Ok(EventPage::new(
            events,
            last.map(|last| Cursor::after(store, last)),
        ))
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
///
/// # Errors
/// If its metadata cannot be read.
pub(crate) fn correlation_of_imported(
    event: &RecordedEvent,
) -> Result<Option<Uuid>, MetadataError> {
    let is_first_of = |command| EventId::of(command, 0) == event.id;
    Ok(correlation(event.metadata()?, is_first_of))
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
pub(crate) fn first_of_all(mut begun: Vec<(i64, Uuid)>, list: &ListStreams) -> Vec<AggregateId> {
    begun.sort_unstable_by_key(|(position, _)| *position);
    if list.newest_first {
        begun.reverse();
    }
    begun.truncate(list.limit);
    let ids = begun.into_iter().map(|(_, id)| AggregateId::from_uuid(id));
    ids.collect()
}

/// What SQL found in one step back.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
#[derive(Debug)]
pub(crate) struct StepBack {
    /// How many events it looked at.
    pub(crate) looked: i64,
    /// The position of the oldest of them.
    pub(crate) lowest: Option<i64>,
    /// How many of them are wanted, as far as SQL can tell: events of other actors may be among them.
    pub(crate) wanted: i64,
    /// The newest of those, as many as a page holds at least.
    pub(crate) found: Vec<RecordedEvent>,
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl StepBack {
    /// The page that it makes.
    pub(crate) fn page(self, store: Uuid, look: &LookBack<'_>) -> Result<EventPage, StoreError> {
        let (mut events, mut room) = (self.found, Room::of(look.limit));
        events.truncate(events.iter().take_while(|event| room.take(event)).count());
        let more = room.is_full() || usize::try_from(self.wanted) != Ok(events.len());
        let before = |position: Position| Cursor::before(store, position);
        let next = match events.last() {
            Some(last) if more => before(last.position),
            _ if usize::try_from(self.looked).is_ok_and(|it| it < LookBack::STEP) => None,
            _ => self
                .lowest
                .and_then(|lowest| before(Position::new(lowest.unsigned_abs()))),
        };
        let mut unreadable = Ok(());
        events.retain(|event| {
            look.is_by_actor(event).unwrap_or_else(|error| {
                unreadable = Err(error);
                false
            })
        });
        unreadable?;
        Ok(EventPage::new(events, next))
    }
}

/// Finds the highest number below a limit for which something holds that holds for all lower ones, or 0.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
#[derive(Debug)]
pub(crate) struct Halving {
    low: i64,
    high: i64,
    /// How far ahead to look, until it does not hold there.
    reach: Option<i64>,
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl Halving {
    pub(crate) fn below(high: i64) -> Self {
        Self {
            low: 0,
            high,
            reach: None,
        }
    }

    /// The same for a number that is most likely small: looks at 0 first, and then further and further.
    pub(crate) fn growing(high: i64) -> Self {
        Self {
            reach: Some(1),
            ..Self::below(high)
        }
    }

    /// The number to look at next; `None` when the search is over.
    pub(crate) fn middle(&self) -> Option<i64> {
        let middle = match self.reach {
            Some(reach) => (self.low + reach).min(self.high) - 1,
            None => self.low + (self.high - self.low) / 2,
        };
        (self.low < self.high).then_some(middle)
    }

    /// Takes what was found at the middle: the number from which on to go on searching, or `None` if it does not hold there.
    pub(crate) fn take(&mut self, middle: i64, found: Option<i64>) {
        match found {
            Some(low) => {
                self.low = low;
                self.reach = self.reach.map(|reach| reach * 8);
            }
            None => {
                self.high = middle;
                self.reach = None;
            }
        }
    }

    pub(crate) fn found(&self) -> i64 {
        self.low
    }
}

#[cfg(all(test, any(feature = "postgres", feature = "sqlite")))]
mod tests {
    use super::{EventPage, Halving, Room, correlation_of_imported};
    use crate::record::{
        event::RecordedEvent,
        id::EventId,
        metadata::StoredMetadata,
        stream::StreamId,
        timestamp::Timestamp,
        version::{Position, Version},
    };

    /// What is looked at to find a number below 10,000.
    fn looked_at(wanted: i64) -> Vec<i64> {
        let (mut halving, mut looked) = (Halving::growing(10_000), Vec::new());
        while let Some(middle) = halving.middle() {
            looked.push(middle);
            halving.take(middle, (middle < wanted).then_some(middle + 1));
        }
        assert_eq!(halving.found(), wanted);
        looked
    }

    #[test]
    fn a_small_number_is_found_soon() {
        assert_eq!(looked_at(0), [0]);
        assert_eq!(looked_at(1), [0, 8, 4, 2, 1]);
        for wanted in [2, 7, 8, 9, 500, 9_998, 9_999, 10_000] {
            assert!(looked_at(wanted).len() < 20, "{wanted}");
        }
    }

    #[test]
    fn nothing_fits_after_an_event_that_does_not() {
        let event = |size: usize| RecordedEvent {
            payload: "7".repeat(size),
            ..recorded("{}")
        };
        let mut room = Room::of(10);
        assert!(room.take(&event(EventPage::MAX_BYTES - 100)) && !room.is_full());
        assert!(!room.take(&event(200)));
        assert!(room.is_full(), "so that a reader stops there");
        assert!(
            Room::of(10).take(&event(EventPage::MAX_BYTES + 1)),
            "the first one always fits"
        );
    }

    #[test]
    fn metadata_that_cannot_be_read_has_no_unknown_correlation() {
        assert!(correlation_of_imported(&recorded("not JSON")).is_err());
    }

    fn recorded(metadata: &str) -> RecordedEvent {
        let id = uuid::Uuid::now_v7();
        let stream = StreamId {
            tenant_id: id.into(),
            aggregate_type: "Account".into(),
            aggregate_id: id.into(),
        };
        RecordedEvent::new(
            Position::new(1),
            EventId::from_uuid(id),
            stream,
            Version::FIRST,
            "Opened",
            1,
            "{}".to_owned(),
            StoredMetadata::from_json(metadata),
            Timestamp::now(),
            Timestamp::now(),
        )
    }
}
