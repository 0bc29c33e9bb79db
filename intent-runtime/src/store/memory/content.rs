//! What a store in memory holds, and every change of it. Nothing here waits or can fail half-way.

use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
    sync::Arc,
};

use compact_str::CompactString;

use crate::{
    record::{
        event::RecordedEvent,
        id::{AggregateId, CommandId, EventId, TenantId},
        snapshot::{NewSnapshot, StoredSnapshot},
        stream::StreamId,
        timestamp::Timestamp,
        version::{Position, Version},
    },
    store::{
        AsOfTime, EventSink, RawEvent, ReadStream, StateSink,
        append::{Append, Appended},
        error::StoreError,
        import::{Existing, ImportPlan, Imported},
        log::ReadLog,
    },
};

#[derive(Clone, Default)]
pub(super) struct Content {
    pub(super) tenants: HashMap<TenantId, Tenant>,
    /// All events in order: the first has position 1.
    pub(super) log: Vec<Arc<RecordedEvent>>,
    pub(super) closed: bool,
    /// Whether a transaction is open, so that nothing else may change the content.
    pub(super) in_transaction: bool,
}

#[derive(Clone, Default)]
pub(super) struct Tenant {
    pub(super) streams: HashMap<AggregateId, Stream>,
    /// Every event by its id: its stream and its version there.
    pub(super) ids: HashMap<EventId, (AggregateId, Version)>,
    pub(super) snapshots: HashMap<AggregateId, StoredSnapshot>,
    /// Its events in the order of the log.
    log: Vec<Arc<RecordedEvent>>,
}

#[derive(Clone)]
pub(super) struct Stream {
    /// The name that it was begun under.
    pub(super) aggregate_type: CompactString,
    /// Shared, so that a reader takes them out of the lock without copying payloads.
    events: Vec<Arc<RecordedEvent>>,
}

/// What a read of a stream finds.
#[derive(Default)]
pub(super) struct Read {
    /// The last event of the stream, which may be beyond the range.
    pub(super) last: Option<Arc<RecordedEvent>>,
    pub(super) snapshot: Option<StoredSnapshot>,
    pub(super) events: Vec<Arc<RecordedEvent>>,
}

impl Read {
    /// Gives a state to a sink: the snapshot and the events after it, or all if the sink refuses the snapshot.
    pub(super) fn give_state(self, sink: &mut dyn StateSink) {
        if let Some(last) = self.last {
            sink.ends_with(last.version, last.id);
        }
        let mut after = Version::NONE;
        if let Some(snapshot) = self.snapshot {
            let version = snapshot.version;
            if sink.snapshot(snapshot) {
                after = version;
            }
        }
        let events = self.events.iter();
        for event in events.filter(|event| event.version > after) {
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
    }

    pub(super) fn give_events(self, sink: &mut EventSink<'_>) {
        for event in self.events {
            if sink(RecordedEvent::clone(&event)) == ControlFlow::Break(()) {
                break;
            }
        }
    }
}

impl Content {
    pub(super) fn append(
        &mut self,
        append: Append,
        now: Timestamp,
    ) -> Result<Appended, StoreError> {
        if let Some(before) = self.seen(&append)? {
            return Ok(Appended::Before(before));
        }
        let id = &append.stream;
        let stream = self.stream(id)?;
        let actual = stream.map_or(Version::NONE, Stream::version);
        if !append.allows(actual, || Some(stream?.last()?.id)) {
            return Err(StoreError::Conflict {
                stream: id.clone(),
                expected: append.expect,
                actual,
            });
        }
        let after = append.version_after(actual)?;
        Ok(self.store(append, after, now))
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
        if !append.stream.is(&used_for) {
            return Err(StoreError::CommandIdReused {
                command_id: append.command_id,
                used_for,
            });
        }
        Ok(Some(events))
    }

    /// Stores what was checked; cannot fail, so that an append is all or nothing.
    fn store(&mut self, append: Append, after: Version, recorded_at: Timestamp) -> Appended {
        let id = append.stream;
        let tenant = self.tenants.entry(id.tenant_id).or_default();
        let stream = tenant
            .streams
            .entry(id.aggregate_id)
            .or_insert_with(|| Stream {
                aggregate_type: (*id.aggregate_type).into(),
                events: Vec::new(),
            });
        let mut position = u64::try_from(self.log.len()).unwrap_or(u64::MAX);
        for (index, event) in (0..).zip(append.events) {
            position += 1;
            let event_id = EventId::of(append.command_id, index);
            let event = Arc::new(RecordedEvent {
                position: Position::new(position),
                id: event_id,
                tenant_id: id.tenant_id,
                aggregate_type: stream.aggregate_type.clone(),
                aggregate_id: id.aggregate_id,
                version: stream.version().next(),
                event_type: event.event_type.into(),
                schema_version: event.schema_version,
                payload: Box::<str>::from(event.payload).into(),
                metadata: append.metadata.clone().into(),
                recorded_at,
                occurred_at: append.metadata.timestamp.unwrap_or(recorded_at),
            });
            tenant
                .ids
                .insert(event_id, (id.aggregate_id, event.version));
            self.log.push(Arc::clone(&event));
            tenant.log.push(Arc::clone(&event));
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

    /// Stores a page of events that were checked, as they are.
    pub(super) fn import(&mut self, events: Vec<RecordedEvent>) -> Result<Imported, StoreError> {
        let mut plan = ImportPlan::default();
        let new = events
            .iter()
            .map(|event| plan.is_new(event, self.existing(event)));
        let new = new.collect::<Result<Vec<bool>, _>>()?;
        let mut imported = Imported::default();
        for (event, new) in events.into_iter().zip(new) {
            if new {
                imported.stored += 1;
                self.keep(event);
            } else {
                imported.known += 1;
            }
        }
        Ok(imported)
    }

    fn existing(&self, event: &RecordedEvent) -> Existing {
        let Some(tenant) = self.tenants.get(&event.tenant_id) else {
            return Existing::default();
        };
        let stream = tenant.streams.get(&event.aggregate_id);
        let place = tenant.ids.get(&event.id);
        let stored = place.and_then(|(id, version)| tenant.streams.get(id)?.event(*version));
        Existing {
            stream: stream.map(|stream| (stream.version(), stream.aggregate_type.clone())),
            event: stored.cloned(),
        }
    }

    /// The last position.
    pub(super) fn end(&self) -> Position {
        Position::new(u64::try_from(self.log.len()).unwrap_or(u64::MAX))
    }

    /// The events after a position that may be wanted, up to a limit, and where they end. Those of a tenant or of some
    /// aggregates are found without looking at the others.
    pub(super) fn page(
        &self,
        read: ReadLog<'_>,
        after: Position,
        limit: usize,
    ) -> (Vec<Arc<RecordedEvent>>, Position) {
        let mut events: Vec<_> = match read.tenant {
            _ if !read.filter.aggregate_ids.is_empty() => {
                let tenants = match read.tenant {
                    Some(tenant) => self.tenants.get(&tenant).into_iter().collect(),
                    None => self.tenants.values().collect::<Vec<_>>(),
                };
                let ids = read.filter.aggregate_ids.iter().collect::<HashSet<_>>();
                let streams = tenants.into_iter().flat_map(|tenant| {
                    let streams = ids.iter().filter_map(|id| tenant.streams.get(id));
                    streams.flat_map(|stream| behind(&stream.events, after).iter().take(limit))
                });
                streams.cloned().collect()
            }
            Some(tenant) => {
                let own = self.log_of(tenant, after).iter();
                own.take(limit).cloned().collect()
            }
            None => behind(&self.log, after)
                .iter()
                .take(limit)
                .cloned()
                .collect(),
        };
        events.sort_by_key(|event| event.position);
        events.truncate(limit);
        let full = events.last().filter(|_| events.len() >= limit);
        let end = full.map_or(self.end(), |last| last.position);
        (events, end)
    }

    /// The events of a tenant behind a position.
    pub(super) fn log_of(&self, tenant: TenantId, after: Position) -> &[Arc<RecordedEvent>] {
        let tenant = self.tenants.get(&tenant);
        tenant.map_or(&[], |tenant| behind(&tenant.log, after))
    }

    fn keep(&mut self, mut event: RecordedEvent) {
        event.position = Position::new(self.end().get().saturating_add(1));
        let tenant = self.tenants.entry(event.tenant_id).or_default();
        let stream = tenant.streams.entry(event.aggregate_id);
        let stream = stream.or_insert_with(|| Stream {
            aggregate_type: event.aggregate_type.clone(),
            events: Vec::new(),
        });
        let place = (event.aggregate_id, event.version);
        tenant.ids.insert(event.id, place);
        let event = Arc::new(event);
        self.log.push(Arc::clone(&event));
        tenant.log.push(Arc::clone(&event));
        stream.events.push(event);
    }

    /// The stream with this id, which must be of this type.
    pub(super) fn stream(&self, id: &StreamId) -> Result<Option<&Stream>, StoreError> {
        let tenant = self.tenants.get(&id.tenant_id);
        let Some(stream) = tenant.and_then(|tenant| tenant.streams.get(&id.aggregate_id)) else {
            return Ok(None);
        };
        if !id.aggregate_type.is(&stream.aggregate_type) {
            return Err(StoreError::WrongAggregate {
                stream: id.clone(),
                found: stream.aggregate_type.to_string(),
            });
        }
        Ok(Some(stream))
    }

    /// What a read of a stream finds, without a snapshot where whole events are wanted.
    pub(super) fn events(&self, read: ReadStream<'_>) -> Result<Read, StoreError> {
        self.state(ReadStream {
            snapshot: false,
            ..read
        })
    }

    pub(super) fn state(&self, read: ReadStream<'_>) -> Result<Read, StoreError> {
        let Some(stream) = self.stream(read.stream)? else {
            return Ok(Read::default());
        };
        let tenant = self.tenants.get(&read.stream.tenant_id);
        let snapshot = tenant
            .filter(|_| read.snapshot)
            .and_then(|tenant| tenant.snapshots.get(&read.stream.aggregate_id))
            .filter(|snapshot| snapshot.version > read.after && snapshot.version <= read.to);
        let events = stream.events.iter();
        let events = events.filter(|event| event.version > read.after && event.version <= read.to);
        Ok(Read {
            last: stream.last().cloned(),
            snapshot: snapshot.cloned(),
            events: events.cloned().collect(),
        })
    }

    pub(super) fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> Vec<RecordedEvent> {
        let Some(tenant) = self.tenants.get(&tenant) else {
            return Vec::new();
        };
        let first = tenant.ids.get(&EventId::of(command, 0));
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

    pub(super) fn version_as_of(
        &self,
        id: &StreamId,
        time: AsOfTime,
    ) -> Result<Version, StoreError> {
        let Some(stream) = self.stream(id)? else {
            return Ok(Version::NONE);
        };
        let prefix = stream.events.iter().take_while(|event| match time {
            AsOfTime::Recorded(time) => event.recorded_at <= time,
            AsOfTime::Occurred(time) => event.occurred_at <= time,
        });
        Ok(prefix.last().map_or(Version::NONE, |event| event.version))
    }
}

/// The events of a log, or of a part of it, behind a position.
fn behind(events: &[Arc<RecordedEvent>], after: Position) -> &[Arc<RecordedEvent>] {
    &events[events.partition_point(|event| event.position <= after)..]
}

impl Tenant {
    pub(super) fn keep_snapshot(&mut self, id: AggregateId, new: &NewSnapshot) {
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
    pub(super) fn version(&self) -> Version {
        self.last().map_or(Version::NONE, |event| event.version)
    }

    fn last(&self) -> Option<&Arc<RecordedEvent>> {
        self.events.last()
    }

    /// Versions are dense from 1, so an event stands at its own.
    pub(super) fn event(&self, version: Version) -> Option<&RecordedEvent> {
        let index = usize::try_from(version.get()).ok()?.checked_sub(1)?;
        self.events.get(index).map(|event| &**event)
    }
}
