//! What a [`ListStore`](super::store::ListStore) holds: one list of all events. Everything else is found by looking through it.

use std::collections::HashMap;

use intent_runtime::{
    AggregateId, CommandId, EventId, Position, RecordedEvent, StoreError, TenantId, Timestamp,
    Version,
    store::AsOfTime,
    store::{
        AggregateType, Append, Appended, Existing, ImportPlan, Imported, NewSnapshot,
        StoredSnapshot, StreamId,
    },
};

#[derive(Default)]
pub struct Content {
    /// All events in order: the first has position 1.
    pub log: Vec<RecordedEvent>,
    /// The newest snapshot of each stream, with the name that the stream was begun under.
    snapshots: HashMap<(TenantId, AggregateId), (String, StoredSnapshot)>,
    pub is_closed: bool,
}

impl Content {
    // ANCHOR: append
    /// Stores all events of an append that was checked, or none. Nothing here waits, so nobody sees a part of it.
    pub fn append(&mut self, append: Append) -> Result<Appended, StoreError> {
        // S4: a command that was seen before is answered first, whatever the append expects.
        let before = self.events_of_command(append.stream.tenant_id, append.command_id);
        if let Some(first) = before.first() {
            let used_for = first.stream();
            if append.stream.is(&used_for) {
                return Ok(Appended::Before(before));
            }
            return Err(StoreError::CommandIdReused {
                command_id: append.command_id,
                used_for,
            });
        }
        // S2: the stream is of this type, at the version and behind the event that the append expects.
        let last = self.stream(&append.stream)?.last().copied().cloned();
        let actual = last.as_ref().map_or(Version::NONE, |last| last.version);
        if !append.allows(actual, || last.as_ref().map(|last| last.id)) {
            return Err(StoreError::Conflict {
                stream: append.stream,
                expected: append.expect,
                actual,
            });
        }
        let version = append.version_after(actual)?;
        // A stream keeps the name that it was begun under.
        let stream = last.map_or_else(|| append.stream.clone(), |last| last.stream());
        let recorded_at = Timestamp::now();
        // An event without a time of its own happened when it was stored.
        let occurred_at = append.metadata.timestamp.unwrap_or(recorded_at);
        for ((id, event), version) in append.identified().zip(actual.get() + 1..) {
            self.log.push(RecordedEvent::new(
                self.next_position(),
                id,
                stream.clone(),
                Version::new(version),
                event.event_type.to_string(),
                event.schema_version,
                event.payload.get().to_owned(),
                append.metadata.clone().into(),
                recorded_at,
                occurred_at,
            ));
        }
        if let Some(snapshot) = append.snapshot {
            self.save_snapshot(&append.stream, snapshot)?;
        }
        Ok(Appended::Stored {
            version,
            position: self.end(),
            recorded_at,
        })
    }
    // ANCHOR_END: append

    // ANCHOR: import
    /// Stores a page of events that was checked, as they are, or none of them.
    pub fn import(&mut self, events: Vec<RecordedEvent>) -> Result<Imported, StoreError> {
        let mut plan = ImportPlan::default();
        let are_new = events
            .iter()
            .map(|event| plan.is_new(event, self.existing(event)))
            .collect::<Result<Vec<bool>, _>>()?;
        let mut imported = Imported::default();
        for (mut event, is_new) in events.into_iter().zip(are_new) {
            if is_new {
                imported.stored += 1;
                event.position = self.next_position();
                self.log.push(event);
            } else {
                imported.known += 1;
            }
        }
        Ok(imported)
    }

    fn existing(&self, event: &RecordedEvent) -> Existing {
        let mut of_tenant = self.log.iter().filter(|it| it.tenant_id == event.tenant_id);
        let mut of_stream = of_tenant.clone();
        let last = of_stream.rfind(|it| it.aggregate_id == event.aggregate_id);
        Existing::new(
            last.map(|last| (last.version, last.aggregate_type.clone())),
            of_tenant.find(|it| it.id == event.id).cloned(),
        )
    }
    // ANCHOR_END: import

    /// The last position.
    pub fn end(&self) -> Position {
        Position::new(self.log.len() as u64)
    }

    fn next_position(&self) -> Position {
        Position::new(self.log.len() as u64 + 1)
    }

    /// The events of a stream, which must be of this type.
    pub fn stream(&self, id: &StreamId) -> Result<Vec<&RecordedEvent>, StoreError> {
        let of_id = self
            .log
            .iter()
            .filter(|it| it.tenant_id == id.tenant_id && it.aggregate_id == id.aggregate_id);
        let events: Vec<_> = of_id.collect();
        match events.first() {
            Some(first) if !id.aggregate_type.is(&first.aggregate_type) => {
                Err(StoreError::WrongAggregate {
                    stream: id.clone(),
                    found: first.aggregate_type.to_string(),
                })
            }
            _ => Ok(events),
        }
    }

    /// The events that a command stored: their ids are made from its own.
    pub fn events_of_command(&self, tenant: TenantId, command: CommandId) -> Vec<RecordedEvent> {
        let first = EventId::of(command, 0);
        let mut of_tenant = self.log.iter().filter(|it| it.tenant_id == tenant);
        let Some(first) = of_tenant.find(|it| it.id == first) else {
            return Vec::new();
        };
        let stream = self.stream(&first.stream()).unwrap_or_default();
        let since = stream
            .into_iter()
            .skip_while(|it| it.version < first.version);
        let own = since
            .zip(0..)
            .take_while(|(it, index)| it.id == EventId::of(command, *index));
        own.map(|(it, _)| it.clone()).collect()
    }

    pub fn version_as_of(&self, stream: &StreamId, time: AsOfTime) -> Result<Version, StoreError> {
        let prefix = self
            .stream(stream)?
            .into_iter()
            .take_while(|it| match time {
                AsOfTime::Recorded(time) => it.recorded_at <= time,
                AsOfTime::Occurred(time) => it.occurred_at <= time,
            });
        Ok(prefix.last().map_or(Version::NONE, |last| last.version))
    }

    pub fn snapshot(&self, stream: &StreamId) -> Option<&StoredSnapshot> {
        let kept = self.snapshots.get(&(stream.tenant_id, stream.aggregate_id));
        kept.map(|(_, snapshot)| snapshot)
    }

    // ANCHOR: snapshot
    /// Keeps a snapshot that the stream reaches, unless a newer one is kept. One of another shape replaces that of the same version.
    pub fn save_snapshot(&mut self, stream: &StreamId, new: NewSnapshot) -> Result<(), StoreError> {
        let Some(last) = self.stream(stream)?.last().copied() else {
            return Ok(());
        };
        let is_newer = self.snapshot(stream).is_none_or(|kept| {
            (kept.version, kept.schema_version) != (new.version, new.schema_version)
                && kept.version <= new.version
        });
        if is_newer && last.version >= new.version {
            let state = new.state.get().to_owned();
            let snapshot = StoredSnapshot::new(new.version, new.schema_version, state);
            let kept = (last.aggregate_type.to_string(), snapshot);
            self.snapshots
                .insert((stream.tenant_id, stream.aggregate_id), kept);
        }
        Ok(())
    }
    // ANCHOR_END: snapshot

    pub fn delete_snapshots(&mut self, tenant: TenantId, of_type: Option<&AggregateType>) -> u64 {
        let deleted = self.snapshots.extract_if(|(of_tenant, _), (name, _)| {
            *of_tenant == tenant && of_type.is_none_or(|of_type| of_type.is(name))
        });
        deleted.count() as u64
    }
}
