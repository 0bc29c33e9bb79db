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

pub(crate) mod append;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod backlog;
#[cfg(feature = "testkit")]
pub mod conformance;
pub(crate) mod connect;
pub(crate) mod error;
pub(crate) mod import;
pub(crate) mod log;
pub(crate) mod memory;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod migrations;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use crate::record::{
    cursor::{Cursor, ParseCursorError},
    event::NewEvent,
    metadata::EncodedMetadata,
    snapshot::{NewSnapshot, StoredSnapshot},
    stream::{AggregateType, StreamId},
};
pub use append::{Append, Appended, Expect};
pub use connect::{IntoStore, migrate};
pub use error::{Cause, InvalidAppend, StoreError};
pub use import::{ImportRefusal, Imported, check_import};
pub use log::{LogFilter, LogHealth, LogPage, LogWriter, NextPage, ReadLog};
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::PgStore;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

use std::{any::Any, fmt, future::Future, ops::ControlFlow, pin::Pin};

use tokio::sync::watch;

use crate::record::{
    event::RecordedEvent,
    id::{CommandId, EventId, TenantId},
    timestamp::Timestamp,
    version::Version,
};

/// The future of one store call.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Where events and snapshots are kept. What an implementation promises stands [above](self).
///
/// It is [`Any`], so that an [`App`](crate::App) can tell what it is on: only a `PgStore` has transactions to join.
pub trait Store: Any + fmt::Debug + Send + Sync + 'static {
    /// Appends events to one stream, durably, or not at all.
    ///
    /// Dropping the future does not undo what was already handed over.
    fn append(&self, append: Append) -> StoreFuture<'_, Appended>;

    /// Stores events that were recorded elsewhere as they are: ids, tenants, versions, payloads, metadata and times stay,
    /// the positions are this store's own, in the order given. All of the page are stored, durably, or none; those that
    /// are there already are left as they are. When the outcome is unknown, import the page again.
    ///
    /// The first event that contradicts what is stored is [`StoreError::ImportRefused`].
    fn import(&self, events: Vec<RecordedEvent>) -> StoreFuture<'_, Imported>;

    /// Reads what state is made of: first, if asked for, the newest snapshot not beyond `read.to`, then the events
    /// after it (or all, when there is none or the sink refuses it) in order. A stream that does not exist yields
    /// nothing.
    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()>;

    /// Reads whole events in order. The sink ends the reading by breaking.
    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()>;

    /// The version of the stream at a time: the end of the longest prefix whose events all lie at or before it.
    fn version_as_of<'a>(&'a self, stream: &'a StreamId, time: AsOf) -> StoreFuture<'a, Version>;

    /// The events that a command stored in a tenant, in order; none if it stored nothing.
    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>>;

    /// Keeps a snapshot, unless a newer one is kept or the stream does not reach its version. One of another shape
    /// replaces that of the same version.
    fn save_snapshot<'a>(
        &'a self,
        stream: &'a StreamId,
        snapshot: NewSnapshot,
    ) -> StoreFuture<'a, ()>;

    /// Deletes the snapshots of a tenant's aggregates of one type, or of all; they are a cache.
    fn delete_snapshots(
        &self,
        tenant: TenantId,
        aggregate_type: Option<AggregateType>,
    ) -> StoreFuture<'_, u64>;

    /// Reads events of the whole log in order, from a cursor on, as far as it may be read now. When the sink breaks, the
    /// page ends with the event it was given.
    fn read_log<'a>(
        &'a self,
        read: ReadLog<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, LogPage>;

    /// Where the log ends, and what holds up its readers, if anything.
    fn log_health(&self) -> StoreFuture<'_, LogHealth>;

    /// Changes whenever the log may have grown. It can miss an append, of this process or another, so a reader that waits
    /// also looks for itself from time to time.
    fn wake_ups(&self) -> watch::Receiver<()>;

    /// Waits for appends that were handed over, then frees what the store holds. Later calls are
    /// [`StoreError::Closed`].
    fn close(&self) -> StoreFuture<'_, ()>;
}

/// What a command needs of the place where its aggregate is: a store, or a transaction in one. As in [`Store`].
pub(crate) trait Streams: Sync {
    fn append(&self, append: Append) -> StoreFuture<'_, Appended>;

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()>;

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()>;

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>>;
}

impl Streams for &dyn Store {
    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        Store::append(*self, append)
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        Store::read_state(*self, read, sink)
    }

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        Store::read_events(*self, read, sink)
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        Store::events_of_command(*self, tenant, command)
    }
}

/// A moment to look back to, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// By the store's clock, when the events were stored.
    Recorded(Timestamp),
    /// By the events' own time, when they happened in the domain.
    Occurred(Timestamp),
}

/// The time with the clock that it is read from.
impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded(time) => write!(f, "{time} by the store's clock"),
            Self::Occurred(time) => write!(f, "{time} by the events' own time"),
        }
    }
}

/// What to read of a stream.
#[derive(Clone, Copy, Debug)]
pub struct ReadStream<'a> {
    /// Which stream.
    pub stream: &'a StreamId,
    /// Only events after this version; [`Version::NONE`] for all.
    pub after: Version,
    /// Only events up to this version; [`Version::MAX`] for all.
    pub to: Version,
    /// Whether to begin with a snapshot. Used by [`Store::read_state`] only.
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
    /// Called with the stream's end, the version and id of its last event, also when only a part is read; again if the
    /// stream grows while it is read. Does nothing unless you implement it.
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
