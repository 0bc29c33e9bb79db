//! The port of a [`Wrong`] store: every call goes to what the store has for it, or to the store in memory.

use intent_runtime::{
    AggregateId, CommandId, Cursor, EventId, RecordedEvent, TenantId, Timestamp, Version,
    store::{
        AggregateType, Append, Appended, AsOfTime, BegunTransaction, EventPage, EventSink, Import,
        Imported, Joinable, ListStreams, Log, LogHealth, LogPage, LookBack, NewSnapshot,
        ReadCorrelation, ReadLog, ReadStream, Snapshots, StateSink, Store, StoreFuture, StreamId,
        Streams, Transact, Transaction,
        tables::{Key, Row, Table, Tables},
    },
};
use tokio::sync::watch;
use uuid::Uuid;

use super::Wrong;

impl Streams for Wrong {
    fn store_id(&self) -> Uuid {
        (self.store_id)(self)
    }

    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        (self.append)(self, append)
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        (self.read_state)(self, read, sink)
    }

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        (self.read_events)(self, read, sink)
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        (self.events_of_command)(self, tenant, command)
    }

    fn load_rows<'a>(
        &'a self,
        table: &'static Table,
        keys: &'a [Key],
    ) -> StoreFuture<'a, Vec<Row>> {
        self.memory.load_rows(table, keys)
    }
}

impl Log for Wrong {
    fn read_log<'a>(
        &'a self,
        read: ReadLog<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, LogPage> {
        (self.read_log)(self, read, sink)
    }

    fn version_as_of<'a>(
        &'a self,
        stream: &'a StreamId,
        time: AsOfTime,
    ) -> StoreFuture<'a, Version> {
        (self.version_as_of)(self, stream, time)
    }

    fn event(&self, tenant: TenantId, id: EventId) -> StoreFuture<'_, Option<RecordedEvent>> {
        (self.event)(self, tenant, id)
    }

    fn look_back<'a>(&'a self, look: LookBack<'a>) -> StoreFuture<'a, EventPage> {
        (self.look_back)(self, look)
    }

    fn correlation(&self, read: ReadCorrelation) -> StoreFuture<'_, EventPage> {
        (self.correlation)(self, read)
    }

    fn cursor_at(&self, tenant: Option<TenantId>, time: Timestamp) -> StoreFuture<'_, Cursor> {
        (self.cursor_at)(self, tenant, time)
    }

    fn streams(&self, list: ListStreams) -> StoreFuture<'_, Vec<AggregateId>> {
        (self.streams)(self, list)
    }

    fn log_health(&self) -> StoreFuture<'_, LogHealth> {
        self.memory.log_health()
    }

    fn wake_ups(&self) -> watch::Receiver<()> {
        (self.wake_ups)(self)
    }
}

impl Import for Wrong {
    fn import(&self, events: Vec<RecordedEvent>) -> StoreFuture<'_, Imported> {
        (self.import)(self, events)
    }
}

impl Snapshots for Wrong {
    fn save_snapshot<'a>(
        &'a self,
        stream: &'a StreamId,
        snapshot: NewSnapshot,
    ) -> StoreFuture<'a, ()> {
        (self.save_snapshot)(self, stream, snapshot)
    }

    fn delete_snapshots(
        &self,
        tenant: TenantId,
        aggregate_type: Option<AggregateType>,
    ) -> StoreFuture<'_, u64> {
        (self.delete_snapshots)(self, tenant, aggregate_type)
    }
}

impl Transact for Wrong {
    fn begin(&self) -> StoreFuture<'_, Box<dyn BegunTransaction>> {
        (self.begin)(self)
    }

    fn join<'t>(&'t self, connection: Joinable<'t>) -> Option<Box<dyn Transaction + 't>> {
        self.memory.join(connection)
    }
}

impl Store for Wrong {
    fn transact(&self) -> Option<&dyn Transact> {
        Some(self)
    }

    fn tables(&self) -> Option<&dyn Tables> {
        match self.tables {
            Some(_) => Some(self),
            None => self.memory.tables(),
        }
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        (self.close)(self)
    }
}
