//! The port, by capability: what a store of any kind implements.

use std::{any::Any, fmt, future::Future, pin::Pin};

use tokio::sync::watch;

use crate::{
    record::{
        event::RecordedEvent,
        id::{CommandId, TenantId},
        snapshot::NewSnapshot,
        stream::{AggregateType, StreamId},
        version::Version,
    },
    store::{
        AsOf, EventSink, ReadStream, StateSink,
        append::{Append, Appended},
        error::StoreError,
        import::Imported,
        log::{LogHealth, LogPage, ReadLog},
    },
};

/// The future of one store call.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Where events and snapshots are kept. What an implementation promises stands [in the module](super).
///
/// It is [`Any`], so that an [`App`](crate::App) can tell what it is on: only a `PgStore` has transactions to join.
pub trait Store: Streams + Log + Import + Snapshots + Any + fmt::Debug {
    /// Waits for appends that were handed over, then frees what the store holds. Later calls are
    /// [`StoreError::Closed`].
    fn close(&self) -> StoreFuture<'_, ()>;
}

/// What a command needs of the place where its aggregate is: of a store, or of a transaction in one.
pub trait Streams: Send + Sync {
    /// Appends events to one stream, durably, or not at all.
    ///
    /// Dropping the future does not undo what was already handed over.
    fn append(&self, append: Append) -> StoreFuture<'_, Appended>;

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

    /// The events that a command stored in a tenant, in order; none if it stored nothing.
    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>>;
}

/// What was stored across all streams, in order and by time.
pub trait Log: Send + Sync {
    /// Reads events of the whole log in order, from a cursor on, as far as it may be read now. When the sink breaks, the
    /// page ends with the event it was given.
    fn read_log<'a>(
        &'a self,
        read: ReadLog<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, LogPage>;

    /// The version of the stream at a time: the end of the longest prefix whose events all lie at or before it.
    fn version_as_of<'a>(&'a self, stream: &'a StreamId, time: AsOf) -> StoreFuture<'a, Version>;

    /// Where the log ends, and what holds up its readers, if anything.
    fn log_health(&self) -> StoreFuture<'_, LogHealth>;

    /// Changes whenever the log may have grown. It can miss an append, of this process or another, so a reader that waits
    /// also looks for itself from time to time.
    fn wake_ups(&self) -> watch::Receiver<()>;
}

/// Taking over what was recorded elsewhere.
pub trait Import: Send + Sync {
    /// Stores events that were recorded elsewhere as they are: ids, tenants, versions, payloads, metadata and times stay,
    /// the positions are this store's own, in the order given. All of the page are stored, durably, or none; those that
    /// are there already are left as they are. When the outcome is unknown, import the page again.
    ///
    /// The first event that contradicts what is stored is [`StoreError::ImportRefused`].
    fn import(&self, events: Vec<RecordedEvent>) -> StoreFuture<'_, Imported>;
}

/// Keeping states, so that loads need not read every event. A cache: without it every load is the same.
pub trait Snapshots: Send + Sync {
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
}
