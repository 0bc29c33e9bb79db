//! [`MemoryStore`]: every promise of a store but durability, for tests and trials.

mod content;
#[cfg(feature = "sqlite")]
mod inline;
mod lookup;
#[cfg(feature = "sqlite")]
pub(super) mod tables;
mod transaction;

use std::{
    fmt,
    ops::ControlFlow,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use crate::{
    record::{
        clock::{Clock, SystemClock},
        cursor::Cursor,
        event::RecordedEvent,
        id::{AggregateId, CommandId, EventId, TenantId},
        snapshot::NewSnapshot,
        stream::{AggregateType, StreamId},
        timestamp::Timestamp,
        version::{Position, Version},
    },
    store::{
        AsOfTime, EventSink, ReadStream, StateSink,
        append::{Append, Appended},
        error::StoreError,
        import::{Imported, check_import},
        log::{LogHealth, LogPage, NextPage, ReadLog},
        lookup::{EventPage, ListStreams, LookBack, ReadCorrelation},
        memory::content::Content,
        port::{Import, Log, Snapshots, Store, StoreFuture, Streams, Transact},
    },
};

#[cfg(feature = "sqlite")]
use crate::store::tables::{Key, Row, Table, Tables as _, builds::Build};

/// Keeps everything in memory, for as long as the last clone lives. All clones share one content.
///
/// ```
/// use intent_runtime::{AggregateId, MemoryStore, TenantId, Timestamp, Version, store::{AsOfTime, Log, StreamId}};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = MemoryStore::new();
/// let stream = StreamId {
///     tenant_id: TenantId::DEFAULT,
///     aggregate_type: "Account".into(),
///     aggregate_id: AggregateId::from_uuid(uuid::Uuid::now_v7()),
/// };
/// let version = store.version_as_of(&stream, AsOfTime::Recorded(Timestamp::now())).await?;
/// assert_eq!(version, Version::NONE);
/// # Ok::<(), intent_runtime::StoreError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    /// Tells its cursors from those of other stores.
    id: Uuid,
    content: Arc<RwLock<Content>>,
    /// Whose turn it is to have a transaction open.
    turn: Arc<Mutex<()>>,
    grown: watch::Sender<()>,
    clock: Arc<dyn Clock>,
    #[cfg(feature = "sqlite")]
    tables: tables::MemoryTables,
}

impl MemoryStore {
    /// An empty store that tells the time by the system's clock.
    pub fn new() -> Self {
        Self::on_clock(Arc::new(SystemClock))
    }

    /// An empty store that tells the time by `clock`: events are recorded at its time.
    pub fn with_clock(clock: impl Clock) -> Self {
        Self::on_clock(Arc::new(clock))
    }

    pub(super) fn on_clock(clock: Arc<dyn Clock>) -> Self {
        let turn = Arc::default();
        Self {
            id: Uuid::now_v7(),
            content: Arc::default(),
            grown: watch::Sender::new(()),
            clock,
            #[cfg(feature = "sqlite")]
            tables: tables::MemoryTables::new(Arc::clone(&turn)),
            turn,
        }
    }

    /// Nothing that runs under the lock panics half-way through a change, so a poisoned lock guards sound content.
    fn read(&self) -> Result<RwLockReadGuard<'_, Content>, StoreError> {
        let content = self.content.read().unwrap_or_else(PoisonError::into_inner);
        content.check_open()?;
        Ok(content)
    }

    fn write(&self) -> Result<RwLockWriteGuard<'_, Content>, StoreError> {
        let content = self.content.write().unwrap_or_else(PoisonError::into_inner);
        content.check_open()?;
        Ok(content)
    }

    /// Changes the content, once no transaction is open.
    async fn change<T>(
        &self,
        change: impl FnOnce(&mut Content) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut turn = None;
        loop {
            {
                let mut content = self.write()?;
                if turn.is_some() || !content.in_transaction {
                    return change(&mut content);
                }
            }
            turn = Some(self.turn().await?);
        }
    }

    /// Stores the events of an append, without its rows.
    async fn append_events(&self, append: Append) -> Result<Appended, StoreError> {
        let now = self.clock.now();
        let appended = self.change(|content| content.append(append, now)).await?;
        self.grown.send_replace(());
        Ok(appended)
    }

    #[cfg(not(feature = "sqlite"))]
    async fn append_with_rows(&self, _append: Append) -> Result<Appended, StoreError> {
        Err(StoreError::NoTables)
    }

    fn read_log_now(
        &self,
        read: ReadLog<'_>,
        sink: &mut EventSink<'_>,
    ) -> Result<LogPage, StoreError> {
        let after = read.after.position_in(self.id)?;
        let (page, mut end, last) = {
            let content = self.read()?;
            if after > content.end().get() {
                return Err(read.after.beyond_the_end());
            }
            // A page of nothing would have no end.
            let limit = read.limit.max(1);
            let (page, end) = content.page(read, Position::new(after), limit);
            (page, end, content.end())
        };
        for event in page {
            if read.filter.has(&event)
                && sink(RecordedEvent::clone(&event)) == ControlFlow::Break(())
            {
                end = event.position;
                break;
            }
        }
        Ok(LogPage {
            cursor: Cursor::at(self.id, end),
            next: if end < last {
                NextPage::More
            } else {
                NextPage::End
            },
        })
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl Streams for MemoryStore {
    fn store_id(&self) -> Uuid {
        self.id
    }

    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        Box::pin(async move {
            append.check()?;
            if !append.rows.is_empty() {
                return self.append_with_rows(append).await;
            }
            self.append_events(append).await
        })
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let found = self.read()?.state(read)?;
            found.give_state(sink);
            Ok(())
        })
    }

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let read = ReadStream {
                snapshot: false,
                ..read
            };
            let found = self.read()?.state(read)?;
            found.give_events(sink);
            Ok(())
        })
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        Box::pin(async move { Ok(self.read()?.events_of_command(tenant, command)) })
    }

    #[cfg(feature = "sqlite")]
    fn load_rows<'a>(
        &'a self,
        table: &'static Table,
        keys: &'a [Key],
    ) -> StoreFuture<'a, Vec<Row>> {
        self.tables.load(Build::new(table, 1), keys)
    }
}

impl Log for MemoryStore {
    fn read_log<'a>(
        &'a self,
        read: ReadLog<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, LogPage> {
        Box::pin(async move { self.read_log_now(read, sink) })
    }

    fn version_as_of<'a>(
        &'a self,
        stream: &'a StreamId,
        time: AsOfTime,
    ) -> StoreFuture<'a, Version> {
        Box::pin(async move { self.read()?.version_as_of(stream, time) })
    }

    fn event(&self, tenant: TenantId, id: EventId) -> StoreFuture<'_, Option<RecordedEvent>> {
        Box::pin(async move { Ok(self.read()?.event(tenant, id)) })
    }

    fn look_back<'a>(&'a self, look: LookBack<'a>) -> StoreFuture<'a, EventPage> {
        Box::pin(async move { self.read()?.look_back(self.id, look) })
    }

    fn correlation(&self, read: ReadCorrelation) -> StoreFuture<'_, EventPage> {
        Box::pin(async move { self.read()?.correlation(self.id, &read) })
    }

    fn cursor_at(&self, tenant: Option<TenantId>, time: Timestamp) -> StoreFuture<'_, Cursor> {
        Box::pin(async move { Ok(Cursor::at(self.id, self.read()?.cursor_at(tenant, time))) })
    }

    fn streams(&self, list: ListStreams) -> StoreFuture<'_, Vec<AggregateId>> {
        Box::pin(async move { self.read()?.streams(&list) })
    }

    fn log_health(&self) -> StoreFuture<'_, LogHealth> {
        Box::pin(async move {
            let end = self.read()?.end();
            Ok(LogHealth {
                end,
                settled: Some(end),
                ..LogHealth::default()
            })
        })
    }

    fn wake_ups(&self) -> watch::Receiver<()> {
        self.grown.subscribe()
    }
}

impl Import for MemoryStore {
    fn import(&self, events: Vec<RecordedEvent>) -> StoreFuture<'_, Imported> {
        Box::pin(async move {
            check_import(&events)?;
            let imported = self.change(|content| content.import(events)).await?;
            self.grown.send_replace(());
            Ok(imported)
        })
    }
}

impl Snapshots for MemoryStore {
    fn save_snapshot<'a>(
        &'a self,
        stream: &'a StreamId,
        snapshot: NewSnapshot,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            snapshot.check(stream)?;
            self.change(|content| content.save_snapshot(stream, &snapshot))
                .await
        })
    }

    fn delete_snapshots(
        &self,
        tenant: TenantId,
        of_type: Option<AggregateType>,
    ) -> StoreFuture<'_, u64> {
        Box::pin(self.change(move |content| Ok(content.delete_snapshots(tenant, of_type.as_ref()))))
    }
}

impl Store for MemoryStore {
    fn transact(&self) -> Option<&dyn Transact> {
        Some(self)
    }

    #[cfg(feature = "sqlite")]
    fn tables(&self) -> Option<&dyn crate::store::tables::Tables> {
        Some(&self.tables)
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let _turn = self.turn.lock().await;
            let mut content = self.content.write().unwrap_or_else(PoisonError::into_inner);
            *content = Content {
                closed: true,
                ..Content::default()
            };
            drop(content);
            // Readers that wait wake up and find that the store is closed.
            self.grown.send_replace(());
            Ok(())
        })
    }
}
