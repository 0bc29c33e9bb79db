//! [`Counting`]: a decorator that counts the appends to a store of any kind, also those of transactions, committed or not.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use intent_runtime::{
    AggregateId, CommandId, Cursor, EventId, RecordedEvent, StoreError, TenantId, Timestamp,
    Version,
    store::AsOfTime,
    store::{
        AggregateType, Append, Appended, BegunTransaction, EventPage, EventSink, Import, Imported,
        Joinable, ListStreams, Log, LogHealth, LogPage, LookBack, NewSnapshot, ReadCorrelation,
        ReadLog, ReadStream, Snapshots, StateSink, Store, StoreFuture, StreamId, Streams, Transact,
        Transaction,
        tables::{Key, Row, Table, Tables},
    },
};
use tokio::sync::watch;
use uuid::Uuid;

// ANCHOR: counting
#[derive(Debug)]
pub struct Counting<S> {
    store: S,
    appends: Arc<Count>,
}

#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    async fn counting(&self, appending: StoreFuture<'_, Appended>) -> Result<Appended, StoreError> {
        let appended = appending.await?;
        if let Appended::Stored { .. } = appended {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        Ok(appended)
    }
}

impl<S> Counting<S> {
    pub fn new(store: S) -> Self {
        let appends = Arc::default();
        Self { store, appends }
    }

    pub fn appends(&self) -> Arc<Count> {
        Arc::clone(&self.appends)
    }
}

impl<S: Store> Streams for Counting<S> {
    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        Box::pin(self.appends.counting(self.store.append(append)))
    }
    // ANCHOR_END: counting

    fn store_id(&self) -> Uuid {
        self.store.store_id()
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        self.store.read_state(read, sink)
    }

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        self.store.read_events(read, sink)
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        self.store.events_of_command(tenant, command)
    }

    fn load_rows<'a>(
        &'a self,
        table: &'static Table,
        keys: &'a [Key],
    ) -> StoreFuture<'a, Vec<Row>> {
        self.store.load_rows(table, keys)
    }
}

impl<S: Store> Log for Counting<S> {
    fn read_log<'a>(
        &'a self,
        read: ReadLog<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, LogPage> {
        self.store.read_log(read, sink)
    }

    fn version_as_of<'a>(
        &'a self,
        stream: &'a StreamId,
        time: AsOfTime,
    ) -> StoreFuture<'a, Version> {
        self.store.version_as_of(stream, time)
    }

    fn event(&self, tenant: TenantId, id: EventId) -> StoreFuture<'_, Option<RecordedEvent>> {
        self.store.event(tenant, id)
    }

    fn look_back<'a>(&'a self, look: LookBack<'a>) -> StoreFuture<'a, EventPage> {
        self.store.look_back(look)
    }

    fn correlation(&self, read: ReadCorrelation) -> StoreFuture<'_, EventPage> {
        self.store.correlation(read)
    }

    fn cursor_at(&self, tenant: Option<TenantId>, time: Timestamp) -> StoreFuture<'_, Cursor> {
        self.store.cursor_at(tenant, time)
    }

    fn streams(&self, list: ListStreams) -> StoreFuture<'_, Vec<AggregateId>> {
        self.store.streams(list)
    }

    fn log_health(&self) -> StoreFuture<'_, LogHealth> {
        self.store.log_health()
    }

    fn wake_ups(&self) -> watch::Receiver<()> {
        self.store.wake_ups()
    }

    fn poll_interval(&self) -> Duration {
        self.store.poll_interval()
    }
}

impl<S: Store> Import for Counting<S> {
    fn import(&self, events: Vec<RecordedEvent>) -> StoreFuture<'_, Imported> {
        self.store.import(events)
    }
}

impl<S: Store> Snapshots for Counting<S> {
    fn save_snapshot<'a>(
        &'a self,
        stream: &'a StreamId,
        snapshot: NewSnapshot,
    ) -> StoreFuture<'a, ()> {
        self.store.save_snapshot(stream, snapshot)
    }

    fn delete_snapshots(
        &self,
        tenant: TenantId,
        aggregate_type: Option<AggregateType>,
    ) -> StoreFuture<'_, u64> {
        self.store.delete_snapshots(tenant, aggregate_type)
    }
}

// ANCHOR: transact
impl<S: Store> Store for Counting<S> {
    fn transact(&self) -> Option<&dyn Transact> {
        self.store.transact().map(|_| self as &dyn Transact)
    }

    fn tables(&self) -> Option<&dyn Tables> {
        self.store.tables()
    }
    // ANCHOR_END: transact

    fn close(&self) -> StoreFuture<'_, ()> {
        self.store.close()
    }
}

// ANCHOR: transaction
impl<S: Store> Transact for Counting<S> {
    fn begin(&self) -> StoreFuture<'_, Box<dyn BegunTransaction>> {
        Box::pin(async move {
            let transact = self.store.transact().ok_or(StoreError::NoTransactions)?;
            let transaction = transact.begin().await?;
            let appends = self.appends();
            Ok(Box::new(Counted {
                transaction,
                appends,
            }) as Box<_>)
        })
    }

    fn join<'t>(&'t self, connection: Joinable<'t>) -> Option<Box<dyn Transaction + 't>> {
        let transaction = self.store.transact()?.join(connection)?;
        let appends = self.appends();
        Some(Box::new(Counted {
            transaction,
            appends,
        }))
    }
}

/// A transaction whose appends are counted.
struct Counted<T: ?Sized> {
    transaction: Box<T>,
    appends: Arc<Count>,
}

impl<T: Transaction + ?Sized> Streams for Counted<T> {
    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        Box::pin(self.appends.counting(self.transaction.append(append)))
    }
    // ANCHOR_END: transaction

    fn store_id(&self) -> Uuid {
        self.transaction.store_id()
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        self.transaction.read_state(read, sink)
    }

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        self.transaction.read_events(read, sink)
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        self.transaction.events_of_command(tenant, command)
    }

    fn load_rows<'a>(
        &'a self,
        table: &'static Table,
        keys: &'a [Key],
    ) -> StoreFuture<'a, Vec<Row>> {
        self.transaction.load_rows(table, keys)
    }
}

// ANCHOR: begun
impl<T: Transaction + ?Sized> Transaction for Counted<T> {}

impl BegunTransaction for Counted<dyn BegunTransaction> {
    fn commit(self: Box<Self>) -> StoreFuture<'static, ()> {
        self.transaction.commit()
    }

    fn rollback(self: Box<Self>) -> StoreFuture<'static, ()> {
        self.transaction.rollback()
    }
}
// ANCHOR_END: begun
