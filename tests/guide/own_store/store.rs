//! [`ListStore`]: a store that keeps a list of all events in memory.

use std::{
    fmt,
    ops::ControlFlow,
    sync::{Mutex, MutexGuard, PoisonError},
};

use intent_runtime::{
    AggregateId, CommandId, Cursor, EventId, Position, RecordedEvent, StoreError, TenantId,
    Timestamp, Version,
    store::AsOfTime,
    store::{
        AggregateType, Append, Appended, EventPage, EventSink, Import, Imported, ListStreams, Log,
        LogHealth, LogPage, LookBack, NewSnapshot, NextPage, RawEvent, ReadCorrelation, ReadLog,
        ReadStream, Snapshots, StateSink, Store, StoreFuture, StreamId, Streams, check_import,
    },
};
use tokio::sync::watch;
use uuid::Uuid;

use super::content::Content;

// ANCHOR: store
pub struct ListStore {
    /// Tells its cursors from those of other stores.
    id: Uuid,
    /// Held for as long as a change takes, and never while something is awaited.
    content: Mutex<Content>,
    /// Wakes readers of the log.
    grown: watch::Sender<()>,
}

impl ListStore {
    pub fn new() -> Self {
        Self {
            id: Uuid::now_v7(),
            content: Mutex::default(),
            grown: watch::Sender::new(()),
        }
    }

    /// The content, unless the store was closed.
    fn open(&self) -> Result<MutexGuard<'_, Content>, StoreError> {
        let content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        if content.is_closed {
            return Err(StoreError::Closed);
        }
        Ok(content)
    }
}
// ANCHOR_END: store

impl fmt::Debug for ListStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListStore").finish_non_exhaustive()
    }
}

impl Streams for ListStore {
    fn store_id(&self) -> Uuid {
        self.id
    }

    // ANCHOR: streams
    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        Box::pin(async move {
            append.check()?;
            let appended = self.open()?.append(append)?;
            self.grown.send_replace(());
            Ok(appended)
        })
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let (last, snapshot, events) = {
                let content = self.open()?;
                let stream = content.stream(read.stream)?;
                let last = stream.last().map(|last| (last.version, last.id));
                let snapshot = content.snapshot(read.stream).filter(|kept| {
                    read.snapshot && kept.version > read.after && kept.version <= read.to
                });
                (last, snapshot.cloned(), in_range(stream, read))
            };
            if let Some((version, id)) = last {
                sink.ends_with(version, id);
            }
            let mut after = read.after;
            if let Some(snapshot) = snapshot {
                let version = snapshot.version;
                if sink.snapshot(snapshot) {
                    after = version;
                }
            }
            for event in events.iter().filter(|event| event.version > after) {
                let RecordedEvent {
                    version,
                    event_type,
                    schema_version,
                    payload,
                    ..
                } = event;
                let raw = RawEvent::new(*version, event_type, *schema_version, payload.as_bytes());
                if sink.event(raw).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }
    // ANCHOR_END: streams

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let events = in_range(self.open()?.stream(read.stream)?, read);
            let _ = events.into_iter().try_for_each(sink);
            Ok(())
        })
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        Box::pin(async move { Ok(self.open()?.events_of_command(tenant, command)) })
    }
}

/// Copies of the events that are read, so that the sink is not called under the lock.
fn in_range(stream: Vec<&RecordedEvent>, read: ReadStream<'_>) -> Vec<RecordedEvent> {
    let events = stream.into_iter();
    let wanted = events.filter(|event| event.version > read.after && event.version <= read.to);
    wanted.cloned().collect()
}

impl Log for ListStore {
    // ANCHOR: log
    fn read_log<'a>(
        &'a self,
        read: ReadLog<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, LogPage> {
        Box::pin(async move {
            let mut end = read.after.position_in(self.id)?;
            let (events, last) = {
                let content = self.open()?;
                let after = usize::try_from(end).ok();
                let rest = after.and_then(|after| content.log.get(after..));
                let rest = rest.ok_or_else(|| read.after.beyond_the_end())?;
                let page = rest.iter().take(read.limit.max(1));
                (page.cloned().collect::<Vec<_>>(), content.end())
            };
            for event in events {
                end = event.position.get();
                let is_wanted = read.tenant.is_none_or(|tenant| tenant == event.tenant_id)
                    && read.filter.has(&event);
                if is_wanted && sink(event) == ControlFlow::Break(()) {
                    break;
                }
            }
            let cursor = match end {
                0 => Cursor::START,
                end => Cursor::after(self.id, Position::new(end)),
            };
            let is_end = end == last.get();
            let next = if is_end {
                NextPage::End
            } else {
                NextPage::More
            };
            Ok(LogPage::new(cursor, next))
        })
    }
    // ANCHOR_END: log

    fn version_as_of<'a>(
        &'a self,
        stream: &'a StreamId,
        time: AsOfTime,
    ) -> StoreFuture<'a, Version> {
        Box::pin(async move { self.open()?.version_as_of(stream, time) })
    }

    fn event(&self, tenant: TenantId, id: EventId) -> StoreFuture<'_, Option<RecordedEvent>> {
        Box::pin(async move { Ok(self.open()?.event(tenant, id)) })
    }

    fn look_back<'a>(&'a self, look: LookBack<'a>) -> StoreFuture<'a, EventPage> {
        Box::pin(async move { self.open()?.look_back(self.id, look) })
    }

    fn correlation(&self, read: ReadCorrelation) -> StoreFuture<'_, EventPage> {
        Box::pin(async move { self.open()?.correlation(self.id, read) })
    }

    fn cursor_at(&self, tenant: Option<TenantId>, time: Timestamp) -> StoreFuture<'_, Cursor> {
        Box::pin(async move { Ok(Cursor::at(self.id, self.open()?.cursor_at(tenant, time))) })
    }

    fn streams(&self, list: ListStreams) -> StoreFuture<'_, Vec<AggregateId>> {
        Box::pin(async move { self.open()?.list_streams(&list) })
    }

    fn log_health(&self) -> StoreFuture<'_, LogHealth> {
        Box::pin(async move {
            let mut health = LogHealth::default();
            health.end = self.open()?.end();
            health.settled = Some(health.end);
            Ok(health)
        })
    }

    fn wake_ups(&self) -> watch::Receiver<()> {
        self.grown.subscribe()
    }
}

impl Import for ListStore {
    fn import(&self, events: Vec<RecordedEvent>) -> StoreFuture<'_, Imported> {
        Box::pin(async move {
            check_import(&events)?;
            let imported = self.open()?.import(events)?;
            self.grown.send_replace(());
            Ok(imported)
        })
    }
}

impl Snapshots for ListStore {
    fn save_snapshot<'a>(
        &'a self,
        stream: &'a StreamId,
        snapshot: NewSnapshot,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            snapshot.check(stream)?;
            self.open()?.save_snapshot(stream, snapshot)
        })
    }

    fn delete_snapshots(
        &self,
        tenant: TenantId,
        aggregate_type: Option<AggregateType>,
    ) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            Ok(self
                .open()?
                .delete_snapshots(tenant, aggregate_type.as_ref()))
        })
    }
}

impl Store for ListStore {
    // ANCHOR: close
    fn close(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
            content.is_closed = true;
            drop(content);
            // Readers that wait find that the store is closed.
            self.grown.send_replace(());
            Ok(())
        })
    }
    // ANCHOR_END: close
}
