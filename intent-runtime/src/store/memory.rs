//! [`MemoryStore`]: every promise of a store but durability, for tests and trials.

use std::{
    collections::HashMap,
    fmt,
    future::ready,
    ops::ControlFlow,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use tokio::sync::watch;
use uuid::Uuid;

use super::{
    Append, Appended, AsOf, Cursor, EventSink, LogHealth, LogPage, NextPage, RawEvent, ReadLog,
    ReadStream, StateSink, Store, StoreError, StoreFuture, StreamId,
};
use crate::{
    AggregateId, CommandId, EventId, Metadata, NewSnapshot, Position, RecordedEvent,
    StoredSnapshot, TenantId, Timestamp, Version,
};

/// Keeps everything in memory, for as long as the last clone lives. All clones share one content.
///
/// ```
/// use intent_runtime::{AggregateId, MemoryStore, Store, StreamId, TenantId, Timestamp, Version, AsOf};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = MemoryStore::new();
/// let stream = StreamId {
///     tenant_id: TenantId::DEFAULT,
///     aggregate_type: "Account".into(),
///     aggregate_id: AggregateId::from_uuid(uuid::Uuid::now_v7()),
/// };
/// let version = store.version_as_of(&stream, AsOf::Recorded(Timestamp::now())).await?;
/// assert_eq!(version, Version::NONE);
/// # Ok::<(), intent_runtime::StoreError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    /// Tells its cursors from those of other stores.
    id: Uuid,
    content: Arc<RwLock<Content>>,
    grown: watch::Sender<()>,
}

#[derive(Default)]
struct Content {
    tenants: HashMap<TenantId, Tenant>,
    /// All events in order: the first has position 1.
    log: Vec<Arc<RecordedEvent>>,
    closed: bool,
}

#[derive(Default)]
struct Tenant {
    streams: HashMap<AggregateId, Stream>,
    /// The first event of every command, by its id, with its stream and its version there.
    commands: HashMap<EventId, (AggregateId, Version)>,
    snapshots: HashMap<AggregateId, StoredSnapshot>,
}

struct Stream {
    aggregate_type: String,
    /// Shared, so that a reader takes them out of the lock without copying payloads.
    events: Vec<Arc<RecordedEvent>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self {
            id: Uuid::now_v7(),
            content: Arc::default(),
            grown: watch::Sender::new(()),
        }
    }

    /// Nothing that runs under the lock panics half-way through a change, so a poisoned lock guards sound content.
    fn read(&self) -> Result<RwLockReadGuard<'_, Content>, StoreError> {
        let content = self.content.read().unwrap_or_else(PoisonError::into_inner);
        if content.closed {
            return Err(StoreError::Closed);
        }
        Ok(content)
    }

    fn write(&self) -> Result<RwLockWriteGuard<'_, Content>, StoreError> {
        let content = self.content.write().unwrap_or_else(PoisonError::into_inner);
        if content.closed {
            return Err(StoreError::Closed);
        }
        Ok(content)
    }

    fn append_now(&self, append: Append) -> Result<Appended, StoreError> {
        append.check()?;
        let appended = self.write()?.append(append)?;
        self.grown.send_replace(());
        Ok(appended)
    }

    fn read_log_now(
        &self,
        read: ReadLog<'_>,
        sink: &mut EventSink<'_>,
    ) -> Result<LogPage, StoreError> {
        let after = read.after.position_in(self.id)?;
        let (page, last) = {
            let content = self.read()?;
            let last = u64::try_from(content.log.len()).unwrap_or(u64::MAX);
            let after = usize::try_from(after).ok();
            let rest = after.and_then(|after| content.log.get(after..));
            let rest = rest.ok_or(StoreError::UnknownCursor {
                cursor: read.after,
                what: "it is beyond the end of the log",
            })?;
            (rest[..read.limit.min(rest.len())].to_vec(), last)
        };
        let mut end = after;
        for event in page {
            end = event.position.get();
            let tenant = read.tenant.is_none_or(|tenant| tenant == event.tenant_id);
            if tenant
                && read.filter.allows(&event)
                && sink(RecordedEvent::clone(&event)) == ControlFlow::Break(())
            {
                break;
            }
        }
        Ok(LogPage {
            cursor: if end == 0 {
                Cursor::START
            } else {
                Cursor::after(self.id, Position::new(end))
            },
            next: if end < last {
                NextPage::More
            } else {
                NextPage::End
            },
        })
    }

    fn read_state_now(
        &self,
        read: ReadStream<'_>,
        sink: &mut dyn StateSink,
    ) -> Result<(), StoreError> {
        let (snapshot, events) = self.read()?.state(read)?;
        let mut after = read.after;
        if let Some(snapshot) = snapshot {
            let version = snapshot.version;
            if sink.snapshot(snapshot) {
                after = version;
            }
        }
        for event in events.iter().filter(|event| event.version > after) {
            let raw = RawEvent {
                version: event.version,
                event_type: &event.event_type,
                schema_version: event.schema_version,
                payload: event.payload.as_bytes(),
            };
            if sink.event(raw) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn read_events_now(
        &self,
        read: ReadStream<'_>,
        sink: &mut EventSink<'_>,
    ) -> Result<(), StoreError> {
        let (_, events) = self.read()?.state(ReadStream {
            snapshot: false,
            ..read
        })?;
        for event in events {
            if sink(RecordedEvent::clone(&event)) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn save_snapshot_now(&self, id: &StreamId, new: &NewSnapshot) -> Result<(), StoreError> {
        let mut content = self.write()?;
        let reaches = content
            .stream(id)?
            .is_some_and(|stream| stream.version() >= new.version);
        if reaches && let Some(tenant) = content.tenants.get_mut(&id.tenant_id) {
            tenant.keep_snapshot(id.aggregate_id, new);
        }
        Ok(())
    }

    fn delete_snapshots_now(
        &self,
        tenant: TenantId,
        aggregate_type: Option<&str>,
    ) -> Result<u64, StoreError> {
        let mut content = self.write()?;
        let Some(tenant) = content.tenants.get_mut(&tenant) else {
            return Ok(0);
        };
        let before = tenant.snapshots.len();
        let streams = &tenant.streams;
        tenant.snapshots.retain(|id, _| {
            aggregate_type.is_some_and(|wanted| {
                streams
                    .get(id)
                    .is_none_or(|stream| stream.aggregate_type != wanted)
            })
        });
        Ok(u64::try_from(before - tenant.snapshots.len()).unwrap_or(u64::MAX))
    }
}

impl Content {
    fn append(&mut self, append: Append) -> Result<Appended, StoreError> {
        if let Some(before) = self.seen(&append)? {
            return Ok(Appended::Before(before));
        }
        let id = &append.stream;
        let actual = self.stream(id)?.map_or(Version::NONE, Stream::version);
        if !append.expect.allows(actual) {
            return Err(StoreError::Conflict {
                stream: id.clone(),
                expected: append.expect,
                actual,
            });
        }
        let after = append.version_after(actual)?;
        Ok(self.store(append, actual, after))
    }

    /// The events of the append's command, if it was seen before for the same stream.
    fn seen(&self, append: &Append) -> Result<Option<Vec<RecordedEvent>>, StoreError> {
        let tenant_id = append.stream.tenant_id;
        let events = self.events_of_command(tenant_id, append.command_id);
        let Some(first) = events.first() else {
            return Ok(None);
        };
        let used_for = StreamId {
            tenant_id,
            aggregate_type: first.aggregate_type.clone().into(),
            aggregate_id: first.aggregate_id,
        };
        if used_for != append.stream {
            return Err(StoreError::CommandIdReused {
                command_id: append.command_id,
                used_for,
            });
        }
        Ok(Some(events))
    }

    /// Stores what was checked; cannot fail, so that an append is all or nothing.
    fn store(&mut self, append: Append, before: Version, after: Version) -> Appended {
        let recorded_at = Timestamp::now();
        let id = append.stream;
        let tenant = self.tenants.entry(id.tenant_id).or_default();
        let stream = tenant
            .streams
            .entry(id.aggregate_id)
            .or_insert_with(|| Stream {
                aggregate_type: id.aggregate_type.to_string(),
                events: Vec::new(),
            });
        let first = EventId::of(append.command_id, 0);
        tenant
            .commands
            .insert(first, (id.aggregate_id, before.next()));
        let mut position = u64::try_from(self.log.len()).unwrap_or(u64::MAX);
        for (index, event) in (0..).zip(append.events) {
            position += 1;
            let event = Arc::new(RecordedEvent {
                position: Position::new(position),
                id: EventId::of(append.command_id, index),
                tenant_id: id.tenant_id,
                aggregate_type: id.aggregate_type.to_string(),
                aggregate_id: id.aggregate_id,
                version: stream.version().next(),
                event_type: event.event_type.into_owned(),
                schema_version: event.schema_version,
                payload: Box::<str>::from(event.payload).into(),
                metadata: Metadata::clone(&append.metadata),
                recorded_at,
            });
            self.log.push(Arc::clone(&event));
            stream.events.push(event);
        }
        if let Some(snapshot) = append.snapshot {
            tenant.keep_snapshot(id.aggregate_id, &snapshot);
        }
        Appended::Stored {
            version: after,
            position: Position::new(position),
            recorded_at,
        }
    }

    /// The stream with this id, which must be of this type.
    fn stream(&self, id: &StreamId) -> Result<Option<&Stream>, StoreError> {
        let tenant = self.tenants.get(&id.tenant_id);
        let Some(stream) = tenant.and_then(|tenant| tenant.streams.get(&id.aggregate_id)) else {
            return Ok(None);
        };
        if stream.aggregate_type != id.aggregate_type {
            return Err(StoreError::WrongAggregate {
                stream: id.clone(),
                found: stream.aggregate_type.clone(),
            });
        }
        Ok(Some(stream))
    }

    fn state(
        &self,
        read: ReadStream<'_>,
    ) -> Result<(Option<StoredSnapshot>, Vec<Arc<RecordedEvent>>), StoreError> {
        let Some(stream) = self.stream(read.stream)? else {
            return Ok((None, Vec::new()));
        };
        let tenant = self.tenants.get(&read.stream.tenant_id);
        let snapshot = tenant
            .filter(|_| read.snapshot)
            .and_then(|tenant| tenant.snapshots.get(&read.stream.aggregate_id))
            .filter(|snapshot| snapshot.version > read.after && snapshot.version <= read.to);
        let events = stream.events.iter();
        let events = events.filter(|event| event.version > read.after && event.version <= read.to);
        Ok((snapshot.cloned(), events.cloned().collect()))
    }

    fn events_of_command(&self, tenant: TenantId, command: CommandId) -> Vec<RecordedEvent> {
        let Some(tenant) = self.tenants.get(&tenant) else {
            return Vec::new();
        };
        let first = tenant.commands.get(&EventId::of(command, 0));
        let Some((stream, first)) =
            first.and_then(|(id, first)| Some((tenant.streams.get(id)?, first)))
        else {
            return Vec::new();
        };
        let events = stream.events.iter().filter(|event| event.version >= *first);
        let own = events
            .zip(0..)
            .take_while(|(event, index)| event.id == EventId::of(command, *index));
        own.map(|(event, _)| RecordedEvent::clone(event)).collect()
    }

    fn version_as_of(&self, id: &StreamId, time: AsOf) -> Result<Version, StoreError> {
        let Some(stream) = self.stream(id)? else {
            return Ok(Version::NONE);
        };
        let prefix = stream.events.iter().take_while(|event| match time {
            AsOf::Recorded(time) => event.recorded_at <= time,
            AsOf::Occurred(time) => event.occurred_at() <= time,
        });
        Ok(prefix.last().map_or(Version::NONE, |event| event.version))
    }
}

impl Tenant {
    fn keep_snapshot(&mut self, id: AggregateId, new: &NewSnapshot) {
        let newer = self.snapshots.get(&id).is_none_or(|kept| {
            // Shapes have no order, so one of another shape replaces that of the same version.
            new.version > kept.version
                || (new.version == kept.version && new.schema_version != kept.schema_version)
        });
        if newer {
            let snapshot = StoredSnapshot {
                version: new.version,
                schema_version: new.schema_version,
                state: new.state.get().to_owned(),
            };
            self.snapshots.insert(id, snapshot);
        }
    }
}

impl Stream {
    fn version(&self) -> Version {
        self.events
            .last()
            .map_or(Version::NONE, |event| event.version)
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

impl Store for MemoryStore {
    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        Box::pin(async move { self.append_now(append) })
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.read_state_now(read, sink) })
    }

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.read_events_now(read, sink) })
    }

    fn version_as_of<'a>(&'a self, stream: &'a StreamId, time: AsOf) -> StoreFuture<'a, Version> {
        Box::pin(async move { self.read()?.version_as_of(stream, time) })
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        Box::pin(async move { Ok(self.read()?.events_of_command(tenant, command)) })
    }

    fn save_snapshot<'a>(
        &'a self,
        stream: &'a StreamId,
        snapshot: NewSnapshot,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.save_snapshot_now(stream, &snapshot) })
    }

    fn delete_snapshots<'a>(
        &'a self,
        tenant: TenantId,
        aggregate_type: Option<&'a str>,
    ) -> StoreFuture<'a, u64> {
        Box::pin(async move { self.delete_snapshots_now(tenant, aggregate_type) })
    }

    fn read_log<'a>(
        &'a self,
        read: ReadLog<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, LogPage> {
        Box::pin(async move { self.read_log_now(read, sink) })
    }

    fn log_health(&self) -> StoreFuture<'_, LogHealth> {
        Box::pin(async move { self.read().map(|_| LogHealth::default()) })
    }

    fn wake_ups(&self) -> watch::Receiver<()> {
        self.grown.subscribe()
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        let mut content = self.content.write().unwrap_or_else(PoisonError::into_inner);
        *content = Content {
            closed: true,
            ..Content::default()
        };
        drop(content);
        // Whoever waits learns that nothing more will come.
        self.grown.send_replace(());
        Box::pin(ready(Ok(())))
    }
}
