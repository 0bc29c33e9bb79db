//! The event store: the port, and what every store promises.
//!
//! A store moves raw payloads; it never sees a domain type. Each promise has at least one function in
//! `conformance` (feature `testkit`), which every store runs.
//!
//! | | promise |
//! |---|---|
//! | S1 | An append is all or nothing: every event of it and the snapshot that rides along, or none. |
//! | S2 | Of racers with the same [`Expect::NoStream`] or [`Expect::Version`] exactly one wins, the others get [`StoreError::Conflict`]; versions are dense from 1; a stream belongs to one aggregate type, whose former names are the same type, and keeps the name it was begun under. |
//! | S3 | An append that was acknowledged survives `kill -9`. |
//! | S4 | One command id in one tenant has one effect; sent again, it is answered with what it did. |
//! | S5 | An unknown outcome happened once or not at all, and is resolved by appending again. |
//! | S6 | A load yields versions in order without gap or repeat, in bounded memory. |
//! | S7 | A reader of the log sees every committed event once, in order, and never passes one that commits later. |
//! | S8 | Events of one aggregate appear in the log in the order of their versions. |
//! | S9 | A newer snapshot replaces an older one, never the other way; without snapshots every load is the same. |
//! | S10 | Tenants are separate. |
//! | S11 | Events are only ever appended. |
//! | S12 | Payloads up to 16 MiB and 2,000 levels, any JSON, unchanged to the byte. |
//! | S13 | Bad input is a typed error before anything is written. |
//! | S14 | Waiting readers are woken by appends, and go on without being woken too. |
//! | S15 | Every call can be cancelled at any await. |
//! | S16 | Imported events are as they were recorded, stand in the log in the order given, and are stored once; a page is all or nothing. |
//! | S17 | A time stands for the longest beginning of a stream whose events all lie at or before it. |
//! | S18 | A closed store says so; what was handed over before is stored and answered. |
//! | S19 | What is appended in a transaction is stored together when it commits, or never; it is seen in the transaction at once, and outside only then. |
//! | S20 | A store with tables: the rows of an append are written with its events or not at all, also in a transaction. Of two rows of a tenant that want one value where no two rows have the same, one is refused as [`StoreError::Taken`], and no other append. If several of its values are taken, that names the first: of the first table by name, the first column. |
//! | S21 | A store with tables: what workers of read models write goes with its checkpoint or not at all, and only for the one that holds the lease and knows the checkpoint written last. Builds, events left out and tenants held back are as [`tables`] says. R1 to R9 in the rules are the promises of read models. |

pub(crate) mod append;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod backlog;
mod check;
#[cfg(feature = "testkit")]
pub mod conformance;
pub(crate) mod connect;
pub(crate) mod error;
pub(crate) mod import;
pub(crate) mod invalid;
pub(crate) mod log;
pub(crate) mod lookup;
pub(crate) mod memory;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod migrations;
pub(crate) mod overtaken;
pub(crate) mod port;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod run_error;
pub(crate) mod selection;
#[cfg(feature = "sqlite")]
mod sqlite;
pub mod tables;

pub use crate::record::{
    cursor::{Cursor, ParseCursorError},
    event::NewEvent,
    metadata::{EncodedMetadata, StoredMetadata},
    snapshot::{NewSnapshot, StoredSnapshot},
    stream::{AggregateType, StreamId},
};
/// The string that a stored event has its names in: one of up to 24 bytes needs no allocation, so a page of events is read and
/// freed sooner. It derefs to `str` and converts to and from `String`.
pub use compact_str::CompactString;

pub use append::{Append, Appended, Expect};
pub use connect::{IntoStore, migrate};
pub use error::{Cause, StoreError, StoreErrorKind};
pub use import::{Existing, ImportPlan, ImportRefusal, Imported, check_import};
pub use invalid::InvalidAppend;
pub use log::{LogHealth, LogPage, LogWriter, NextPage, ReadLog};
pub use lookup::{EventPage, ListStreams, LookBack, ReadCorrelation};
pub use memory::MemoryStore;
pub use overtaken::Overtaken;
pub use port::{
    BegunTransaction, Import, IntoJoinable, Joinable, Log, Snapshots, Store, StoreFuture, Streams,
    Transact, Transaction,
};
#[cfg(feature = "postgres")]
pub use postgres::PgStore;
pub use selection::{EventName, LogSelection};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

use std::{fmt, ops::ControlFlow};

use crate::record::{event::RecordedEvent, id::EventId, timestamp::Timestamp, version::Version};

/// A time to look back to, inclusive, by one of the two clocks that an event has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOfTime {
    /// By the store's clock, when the events were stored.
    Recorded(Timestamp),
    /// By the events' own time, when they happened in the domain.
    Occurred(Timestamp),
}

/// The time with the clock that it is read from.
impl fmt::Display for AsOfTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded(time) => write!(f, "{time} by the store's clock"),
            Self::Occurred(time) => write!(f, "{time} by the events' own time"),
        }
    }
}

/// What to read of a stream.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ReadStream<'a> {
    /// Which stream.
    pub stream: &'a StreamId,
    /// Only events after this version; [`Version::NONE`] for all.
    pub after: Version,
    /// Only events up to this version; [`Version::MAX`] for all.
    pub to: Version,
    /// Whether to begin with a snapshot. Used by [`Streams::read_state`] only.
    pub snapshot: bool,
}

impl<'a> ReadStream<'a> {
    /// All of a stream, event by event.
    pub fn all(stream: &'a StreamId) -> Self {
        Self {
            stream,
            after: Version::NONE,
            to: Version::MAX,
            snapshot: false,
        }
    }
}

/// Receives a state as it is read.
pub trait StateSink: Send {
    /// Called with the stream's end, which is the version and id of its last event, even if only a part is read. Called again
    /// if the stream grows while it is read. Does nothing unless you implement it.
    fn ends_with(&mut self, _version: Version, _last: EventId) {}

    /// Called with the snapshot. `false` refuses it: then all events are read instead.
    fn snapshot(&mut self, snapshot: StoredSnapshot) -> bool;

    /// Called with the next event. Breaking ends the read.
    fn event(&mut self, event: RawEvent<'_>) -> ControlFlow<()>;
}

/// Receives whole events as they are read.
pub type EventSink<'a> = dyn FnMut(RecordedEvent) -> ControlFlow<()> + Send + 'a;

/// The four columns of a stored event that state is made of, borrowed from the store's buffer.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RawEvent<'a> {
    /// Its number in the stream.
    pub version: Version,
    /// Its stored name.
    pub event_type: &'a str,
    /// The version of its shape, as it is stored.
    pub schema_version: u32,
    /// Its payload.
    pub payload: &'a [u8],
}

impl<'a> RawEvent<'a> {
    /// A stored event by its four columns.
    pub fn new(
        version: Version,
        event_type: &'a str,
        schema_version: u32,
        payload: &'a [u8],
    ) -> Self {
        Self {
            version,
            event_type,
            schema_version,
            payload,
        }
    }
}
