//! Reading the whole log in order: cursors, filters, pages and the log's health.

use std::{any::TypeId, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use crate::{
    Aggregate, AggregateId, Event, EventKind, Id, Position, RecordedEvent, TenantId, Timestamp,
};

/// Where a reader of the log stands: after which event of which store. Opaque; kept as text between two runs.
///
/// ```
/// use intent_runtime::Cursor;
/// let kept = Cursor::START.to_string();
/// assert_eq!(kept, "start");
/// assert_eq!(kept.parse::<Cursor>()?, Cursor::START);
/// # Ok::<(), intent_runtime::store::ParseCursorError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(Option<(Uuid, Position)>);

/// A text is not a cursor. Handling: give what [`Cursor`] was written as, or start anew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a cursor of a log")]
pub struct ParseCursorError {
    /// What was given.
    text: String,
}

impl Cursor {
    /// Before the first event of any store.
    pub const START: Self = Self(None);

    /// After the event at a position of the store with this id. For stores: readers get theirs from a store.
    pub const fn after(store: Uuid, position: Position) -> Self {
        Self(Some((store, position)))
    }

    /// The store it belongs to, and the position it is after; `None` at the start. For stores.
    pub const fn place(&self) -> Option<(Uuid, Position)> {
        self.0
    }

    /// The position after which to read in the store with this id; 0 at the start.
    ///
    /// # Errors
    /// [`StoreError::UnknownCursor`](crate::StoreError::UnknownCursor) when it is of another store.
    pub(crate) fn position_in(&self, store: Uuid) -> Result<u64, crate::StoreError> {
        match self.0 {
            None => Ok(0),
            Some((own, position)) if own == store => Ok(position.get()),
            Some(_) => Err(crate::StoreError::UnknownCursor {
                cursor: *self,
                what: "it belongs to another store, so read the log of that one, or this one from the start",
            }),
        }
    }

    /// The refusal to read on from behind the end.
    pub(crate) fn beyond_the_end(self) -> crate::StoreError {
        crate::StoreError::UnknownCursor {
            cursor: self,
            what: "it is beyond the end of the log, as after going back to a backup: read from an earlier cursor or the start",
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("start"),
            Some((store, position)) => write!(f, "{store}/{position}"),
        }
    }
}

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, ParseCursorError> {
        if text == "start" {
            return Ok(Self::START);
        }
        let parsed = text.split_once('/').and_then(|(store, position)| {
            let position = Position::new(position.parse().ok()?);
            Some(Self::after(store.parse().ok()?, position))
        });
        parsed.ok_or_else(|| ParseCursorError {
            text: text.to_owned(),
        })
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Which events of the log are wanted: events that match every non-empty list.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::LogFilter;
/// let deposits = LogFilter::all().aggregate::<Account>().event::<Deposited>();
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// The events that were named by their types.
    kinds: Vec<TypeId>,
    pub(crate) aggregate_types: Vec<String>,
    pub(crate) event_types: Vec<String>,
    pub(crate) aggregate_ids: Vec<AggregateId>,
}

impl LogFilter {
    /// Every event.
    pub fn all() -> Self {
        Self::default()
    }

    /// Also events of this type of aggregate, under its name and its former ones; only those that are named, once one is.
    #[must_use]
    pub fn aggregate<A: Aggregate>(self) -> Self {
        let named = self.aggregate_type(A::TYPE);
        A::FORMERLY
            .iter()
            .copied()
            .fold(named, Self::aggregate_type)
    }

    /// The same by its stored name.
    #[must_use]
    pub fn aggregate_type(mut self, name: impl Into<String>) -> Self {
        self.aggregate_types.push(name.into());
        self
    }

    /// Also events of this kind, under its name and its former ones; only those that are named, once one is.
    ///
    /// A subscription of an [`App`](crate::App) also gives the past events that its aggregates split where they list this
    /// one, since it may be among what becomes of them.
    #[must_use]
    pub fn event<E: Event>(mut self) -> Self {
        self.kinds.push(TypeId::of::<E>());
        let named = self.event_type(E::NAME);
        E::FORMERLY.iter().copied().fold(named, Self::event_type)
    }

    /// The same by its stored name.
    #[must_use]
    pub fn event_type(mut self, name: impl Into<String>) -> Self {
        self.event_types.push(name.into());
        self
    }

    /// Also events of this aggregate; only those that are named, once one is.
    #[must_use]
    pub fn id<A>(mut self, id: Id<A>) -> Self {
        self.aggregate_ids
            .push(AggregateId::from_uuid(id.as_uuid()));
        self
    }

    /// Whether events of this kind are among those named by their types.
    pub(crate) fn names(&self, kind: &EventKind) -> bool {
        self.kinds.contains(&kind.type_id)
    }

    /// Whether an event is wanted.
    pub fn allows(&self, event: &RecordedEvent) -> bool {
        fn has<T: PartialEq>(list: &[T], one: &T) -> bool {
            list.is_empty() || list.contains(one)
        }
        has(&self.aggregate_types, &event.aggregate_type)
            && has(&self.event_types, &event.event_type)
            && has(&self.aggregate_ids, &event.aggregate_id)
    }
}

/// What to read of the log.
#[derive(Clone, Copy, Debug)]
pub struct ReadLog<'a> {
    /// From where.
    pub after: Cursor,
    /// The events of this tenant, or of all.
    pub tenant: Option<TenantId>,
    /// Which of them.
    pub filter: &'a LogFilter,
    /// How many events to look at, at least one; those that are not wanted count too.
    pub limit: usize,
}

/// How far a reading of the log came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// Where to go on.
    pub cursor: Cursor,
    /// Why to go on now or later.
    pub next: NextPage,
}

/// What lies behind a page of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextPage {
    /// More events, to be read at once.
    More,
    /// Events that were seen, behind one that may yet come: a transaction that is under way holds them up.
    HeldUp,
    /// Nothing yet.
    End,
}

/// How the log is to be read now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogHealth {
    /// The last position that was given out: every event that is committed by now lies there or before.
    pub end: Position,
    /// Up to where nothing is under way any more: each event there or before is committed, or never will be. It was looked up
    /// before `end`. `None` where the store does not tell.
    pub settled: Option<Position>,
    /// The transactions that are writing to the log: readers wait for the oldest of them where it left a gap.
    pub writers: Vec<LogWriter>,
    /// Why readers in this process are not woken by appends of others and find them only by polling; `None` while they are,
    /// or while nothing reads. On Postgres, `LISTEN` fails.
    pub listen_failure: Option<String>,
    /// Why readers in other processes are not woken by appends of this one and find them only by polling; `None` while they
    /// are, or while nothing was appended. On Postgres, `NOTIFY` fails.
    pub notify_failure: Option<String>,
}

/// A transaction that is writing to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogWriter {
    /// The server process; `None` for a transaction that was prepared for two-phase commit.
    pub process: Option<i32>,
    /// Since when it is open, if the role may know.
    pub since: Option<Timestamp>,
    /// What it is doing, if the role may know: `active`, `idle in transaction`, ….
    pub state: Option<String>,
    /// Its last statement, if the role may know.
    pub query: Option<String>,
}

#[cfg(feature = "postgres")]
impl LogWriter {
    /// A transaction of a server process.
    pub(crate) fn new(
        process: Option<i32>,
        since: Option<Timestamp>,
        state: Option<String>,
        query: Option<String>,
    ) -> Self {
        Self {
            process,
            since,
            state,
            query,
        }
    }
}
