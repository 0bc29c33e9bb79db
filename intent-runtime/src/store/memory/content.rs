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
        stream::{AggregateType, StreamId},
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

/// What is to be done with an append that is not refused.
pub(super) enum Checked {
    /// It is stored; its stream is then at this version.
    Fits(Version),
    /// Its command was stored before: these are its events.
    Before(Vec<RecordedEvent>),
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
    pub(super) fn check_open(&self) -> Result<(), StoreError> {
        match self.closed {
            true => Err(StoreError::Closed),
            false => Ok(()),
        }
    }

    pub(super) fn append(
        &mut self,
        append: Append,
        now: Timestamp,
    ) -> Result<Appended, StoreError> {
        Ok(match self.check(&append)? {
            Checked::Fits(after) => self.store(append, after, now),
            Checked::Before(events) => Appended::Before(events),
        })
    }

    /// What is to be done with an append.
    pub(super) fn check(&self, append: &Append) -> Result<Checked, StoreError> {
        let id = &append.stream;
        let before = self.events_of_command(id.tenant_id, append.command_id);
        if let Some(first) = before.first() {
            append.check_seen(first.aggregate_id, first.aggregate_type.clone())?;
            return Ok(Checked::Before(before));
        }
        let tenant = self.tenants.get(&id.tenant_id);
        let stream = tenant.and_then(|tenant| tenant.streams.get(&id.aggregate_id));
        let found = stream.map(|stream| (stream.version(), &*stream.aggregate_type));
        let (_, after) = append.versions(found, || Some(stream?.last()?.id))?;
        Ok(Checked::Fits(after))
    }

    /// Stores what was checked; cannot fail, so that an append is all or nothing.
    fn store(&mut self, append: Append, after: Version, recorded_at: Timestamp) -> Appended {
        let id = append.stream;
        let first = after.get() - u64::try_from(append.events.len()).unwrap_or(0) + 1;
        for ((version, index), event) in (first..).zip(0..).zip(append.events) {
            let event = RecordedEvent::new(
                Position::default(),
                EventId::of(append.command_id, index),
                id.clone(),
                Version::new(version),
                event.event_type,
                event.schema_version,
                Box::<str>::from(event.payload).into(),
                append.metadata.clone().into(),
                recorded_at,
                append.metadata.timestamp.unwrap_or(recorded_at),
            );
            self.keep(event);
        }
        if let Some(snapshot) = append.snapshot
            && let Some(tenant) = self.tenants.get_mut(&id.tenant_id)
        {
            tenant.keep_snapshot(id.aggregate_id, &snapshot);
        }
        Appended::Stored {
            version: after,
            position: self.end(),
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
        let (count, end) = (events.len(), self.log.len());
        let events = events.into_iter().zip(new).filter(|(_, new)| *new);
        events.for_each(|(event, _)| self.keep(event));
        let stored = self.log.len() - end;
        Ok(Imported::new(stored, count - stored))
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

    /// Stores an event at the end of the log, under the name that its stream was begun under.
    fn keep(&mut self, mut event: RecordedEvent) {
        event.position = Position::new(self.end().get().saturating_add(1));
        let tenant = self.tenants.entry(event.tenant_id).or_default();
        let stream = tenant.streams.entry(event.aggregate_id);
        let stream = stream.or_insert_with(|| Stream {
            aggregate_type: event.aggregate_type.clone(),
            events: Vec::new(),
        });
        event.aggregate_type.clone_from(&stream.aggregate_type);
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
        id.check_type(&stream.aggregate_type)?;
        Ok(Some(stream))
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

    pub(super) fn save_snapshot(
        &mut self,
        id: &StreamId,
        new: &NewSnapshot,
    ) -> Result<(), StoreError> {
        let reaches = |stream: &Stream| stream.version() >= new.version;
        if self.stream(id)?.is_some_and(reaches)
            && let Some(tenant) = self.tenants.get_mut(&id.tenant_id)
        {
            tenant.keep_snapshot(id.aggregate_id, new);
        }
        Ok(())
    }

    /// Deletes the snapshots of a tenant's aggregates of one type, or of all, and says how many there were.
    pub(super) fn delete_snapshots(
        &mut self,
        tenant: TenantId,
        of_type: Option<&AggregateType>,
    ) -> u64 {
        let Some(Tenant {
            snapshots, streams, ..
        }) = self.tenants.get_mut(&tenant)
        else {
            return 0;
        };
        let before = snapshots.len();
        snapshots.retain(|id, _| {
            let stream = streams.get(id);
            let is =
                |of_type: &AggregateType| stream.is_some_and(|it| of_type.is(&it.aggregate_type));
            !of_type.is_none_or(is)
        });
        u64::try_from(before - snapshots.len()).unwrap_or(u64::MAX)
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
