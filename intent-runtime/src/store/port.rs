//! The port, by capability: what a store of any kind implements.

use std::{fmt, future::Future, marker::PhantomData, ops::ControlFlow, pin::Pin};

use std::time::Duration;

use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        id::{AggregateId, CommandId, EventId, TenantId},
        snapshot::NewSnapshot,
        stream::{AggregateType, StreamId},
        timestamp::Timestamp,
        version::Version,
    },
    store::{
        AsOfTime, EventSink, ReadStream, StateSink,
        append::{Append, Appended},
        error::StoreError,
        import::Imported,
        log::{LogHealth, LogPage, NextPage, ReadLog},
        lookup::{EventPage, ListStreams, LookBack, ReadCorrelation},
        selection::LogSelection,
        tables::{Key, Row, Table, Tables},
    },
};

/// The future of one store call.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Where events and snapshots are kept. [The module](super) has what an implementation promises.
pub trait Store: Streams + Log + Import + Snapshots + fmt::Debug + 'static {
    /// How the store takes part in transactions. Without this, it has none, and commands in a transaction fail with
    /// [`StoreError::NoTransactions`]. A decorator returns that of the store within it.
    fn transact(&self) -> Option<&dyn Transact> {
        None
    }

    /// Where the rows of read models are kept. Without this, the store has no read models, and starting their workers fails
    /// with [`StoreError::NoTables`]. A decorator returns that of the store within it.
    fn tables(&self) -> Option<&dyn Tables> {
        None
    }

    /// Waits for appends that were handed over and for open transactions, then frees what the store holds. Later calls fail
    /// with [`StoreError::Closed`].
    fn close(&self) -> StoreFuture<'_, ()>;
}

/// What a command needs of a store, or of a transaction in one.
pub trait Streams: Send + Sync {
    /// The id of the store, which its cursors name. A transaction has that of its store.
    fn store_id(&self) -> Uuid;

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

    /// The rows that have these keys, with a cell for each of [`Table::stored_columns`]; those that do not exist are left out. In
    /// a transaction, rows that were written in it are seen.
    ///
    /// # Errors
    /// Without this, [`StoreError::NoTables`]. A decorator passes the call on to the store within it.
    fn load_rows<'a>(
        &'a self,
        _table: &'static Table,
        _keys: &'a [Key],
    ) -> StoreFuture<'a, Vec<Row>> {
        Box::pin(async { Err(StoreError::NoTables) })
    }
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
    fn version_as_of<'a>(
        &'a self,
        stream: &'a StreamId,
        time: AsOfTime,
    ) -> StoreFuture<'a, Version>;

    /// The event of a tenant with an id, if there is one.
    fn event(&self, tenant: TenantId, id: EventId) -> StoreFuture<'_, Option<RecordedEvent>>;

    /// Searches events backwards from the end of the log, or from a cursor: the newest first. One call looks at no more than
    /// [`LookBack::STEP`] events. The page says where to go on, or that the start was reached. It has at most 8 MiB of payloads and
    /// metadata, unless its first event has more.
    ///
    /// An event in a transaction that is still open may be missing. Up to the cursor of a reader none is missing, since a
    /// reader passes no such event.
    fn look_back<'a>(&'a self, look: LookBack<'a>) -> StoreFuture<'a, EventPage>;

    /// Reads the events of a correlation in the order of the log, page by page. A page has at most 8 MiB of payloads and metadata,
    /// unless its first event has more. An event in a transaction that is still open may be missing.
    fn correlation(&self, read: ReadCorrelation) -> StoreFuture<'_, EventPage>;

    /// The cursor at which the log of a tenant, or of all, stood at a time by the store's clock. The event before it was
    /// recorded at or before the time, and the event after it later. Imported events keep their times, and
    /// writers overlap, so times may go back and forth. Then there are several such places, and this is one of them. An event in
    /// a transaction that is still open may come to stand before it. It takes a few dozen look-ups by position, however
    /// long the log is.
    fn cursor_at(&self, tenant: Option<TenantId>, time: Timestamp) -> StoreFuture<'_, Cursor>;

    /// Lists the aggregates of a type, in the order in which they were begun or the reverse. After an aggregate that does not
    /// exist, it is [`StoreError::UnknownStream`]. An aggregate that an open transaction begins may be missing.
    fn streams(&self, list: ListStreams) -> StoreFuture<'_, Vec<AggregateId>>;

    /// How many events of all tenants are behind a cursor, counted to a limit. Those of transactions that are still open may be
    /// missing.
    fn events_after(&self, after: Cursor, limit: u64) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let all = LogSelection::all();
            let (mut counted, mut cursor) = (0, after);
            loop {
                let left = usize::try_from(limit - counted).unwrap_or(usize::MAX);
                let read = ReadLog::new(cursor, None, &all, left.max(1));
                let mut sink = |_: RecordedEvent| {
                    counted += 1;
                    ControlFlow::Continue(())
                };
                let page = self.read_log(read, &mut sink).await?;
                if counted >= limit || page.next != NextPage::More {
                    return Ok(counted.min(limit));
                }
                cursor = page.cursor;
            }
        })
    }

    /// Where the log ends, and what holds up its readers, if anything.
    fn log_health(&self) -> StoreFuture<'_, LogHealth>;

    /// Changes whenever the log may have grown. It can miss an append, of this process or another, so a reader that waits
    /// also looks for itself from time to time.
    fn wake_ups(&self) -> watch::Receiver<()>;

    /// How often a reader that waits should look for itself. Rarely is enough where wake-ups come from every process.
    fn poll_interval(&self) -> Duration {
        Duration::from_millis(250)
    }
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

/// Appending in transactions of several appends, which are stored together or not at all.
pub trait Transact: Send + Sync {
    /// Begins a transaction. Until it ends, other writers wait for it: those of the same streams, or, where the store has one
    /// writer, all.
    ///
    /// # Errors
    /// [`StoreError::Busy`] or [`StoreError::NoConnection`] when others took too long, and whatever else keeps the store from
    /// beginning one.
    fn begin(&self) -> StoreFuture<'_, Box<dyn BegunTransaction>>;

    /// Takes part in a transaction that the user has begun on a connection of their own. `None` if the connection is not to
    /// this kind of database.
    ///
    /// If a call on the result fails, the user's transaction is as it was before the call. If its future is dropped, the
    /// transaction is as it was, or has the whole append in it.
    ///
    /// # Errors
    /// Calls on the result are [`StoreError::NotInTransaction`] when the connection is in no transaction, and
    /// [`StoreError::OtherDatabase`] when it leads to another database.
    fn join<'t>(&'t self, connection: Joinable<'t>) -> Option<Box<dyn Transaction + 't>>;
}

/// A transaction in a store. Reads in it see the appends in it. Nothing outside sees them before it commits.
///
/// The positions and times that its appends return hold once it has committed.
pub trait Transaction: Streams {}

/// A transaction that the store has begun. If it is dropped without a commit, it is rolled back.
pub trait BegunTransaction: Transaction {
    /// Stores everything that was appended in it, durably and at once. Then wakes waiting readers.
    ///
    /// # Errors
    /// [`StoreError::UnknownCommit`] when the connection broke: all of it is stored, or nothing. After any other error
    /// nothing is.
    fn commit(self: Box<Self>) -> StoreFuture<'static, ()>;

    /// Drops everything that was appended in it.
    ///
    /// # Errors
    /// If the database does not answer. The transaction is rolled back all the same.
    fn rollback(self: Box<Self>) -> StoreFuture<'static, ()>;
}

/// A connection of the user's, on which a transaction is open. It is made from a `&mut` to the transaction or to the
/// connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum Joinable<'t> {
    /// One of PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(&'t mut sqlx::PgConnection),
    /// One of SQLite.
    #[cfg(feature = "sqlite")]
    Sqlite(&'t mut sqlx::SqliteConnection),
    /// No connection. It keeps the lifetime in use if no database is a feature.
    #[doc(hidden)]
    None(PhantomData<&'t mut ()>),
}

/// What [`Tenant::send_in`](crate::Tenant::send_in) takes: `&mut` to a transaction of yours, or to the connection that it is open on.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a transaction that a command can join",
    label = "not a `&mut` to a transaction or a connection of sqlx",
    note = "begin a transaction on the database of the app's store, and pass `&mut transaction`",
    note = "the feature `postgres` or `sqlite` of intent-runtime must be on for that database"
)]
pub trait IntoJoinable<'t> {
    /// The connection, for the store to join.
    fn into_joinable(self) -> Joinable<'t>;
}

#[diagnostic::do_not_recommend]
impl<'t> IntoJoinable<'t> for Joinable<'t> {
    fn into_joinable(self) -> Self {
        self
    }
}

macro_rules! joinable {
    ($($feature:literal $variant:ident($connection:ty))+) => {$(
        #[cfg(feature = $feature)]
        #[diagnostic::do_not_recommend]
        impl<'t> IntoJoinable<'t> for &'t mut $connection {
            fn into_joinable(self) -> Joinable<'t> {
                Joinable::$variant(self)
            }
        }
    )+};
}

joinable! {
    "postgres" Postgres(sqlx::PgConnection)
    "postgres" Postgres(sqlx::PgTransaction<'_>)
    "sqlite" Sqlite(sqlx::SqliteConnection)
    "sqlite" Sqlite(sqlx::SqliteTransaction<'_>)
}
