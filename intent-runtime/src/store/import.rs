//! Importing events that were recorded elsewhere: which events of a page fit, and the result.

use std::collections::{HashMap, HashSet};

use compact_str::CompactString;
use serde::de::IgnoredAny;

use crate::{
    record::{
        event::RecordedEvent,
        id::{AggregateId, TenantId},
        version::Version,
    },
    store::{
        append::{Append, check_json, check_name},
        error::StoreError,
        invalid::InvalidAppend,
    },
};

/// What came of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// How many events were stored.
    pub stored: usize,
    /// How many were there already, from an earlier import or because they were recorded here. If the answer to a page was lost
    /// with the connection and the page was stored, its events count here when it is tried again.
    pub known: usize,
}

impl Imported {
    /// So many events were stored, and so many were there.
    pub fn new(stored: usize, known: usize) -> Self {
        Self { stored, known }
    }
}

/// Why an event cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportRefusal {
    /// The stream has another event of this version. Handling: import into a store, or a tenant, without the stream.
    #[error("the stream is at version {actual} and has another event there")]
    Occupied {
        /// The version of the stream.
        actual: Version,
    },
    /// The stream ends before the event's predecessor. Handling: import the earlier events first.
    #[error("the stream is at version {actual}, import the events between first")]
    Gap {
        /// The version of the stream.
        actual: Version,
    },
    /// The aggregate's id belongs to another type. Handling: check where the id came from.
    #[error("the id belongs to the type {found}")]
    WrongAggregate {
        /// The aggregate type it was made with.
        found: String,
    },
    /// An event of this id is stored, and is not the same. Handling: find out which of the two was changed.
    #[error("an event with its id is stored and differs from it")]
    Differs,
    /// An earlier event of the page has the same id. Handling: give an event once.
    #[error("the page has an event with its id before it")]
    Repeated,
    /// The event breaks a limit that every store keeps. Handling: see [`InvalidAppend`].
    #[error("it breaks a limit of every store")]
    Invalid(#[source] InvalidAppend),
    /// The payload is not JSON. Handling: restore what was altered.
    #[error("its payload is not JSON")]
    NotJson,
    /// The metadata cannot be read, or says another time than the event has as its own. Handling: restore what was altered.
    #[error("its metadata cannot be read, or says another time than its own")]
    Metadata,
}

impl ImportRefusal {
    /// Why an event of one version does not follow in a stream at another.
    pub(crate) fn misplaced(version: Version, actual: Version) -> Self {
        if version <= actual {
            return Self::Occupied { actual };
        }
        Self::Gap { actual }
    }

    /// The error of the event that is refused for this reason.
    pub(crate) fn of(self, event: &RecordedEvent) -> StoreError {
        StoreError::ImportRefused {
            stream: event.stream(),
            version: event.version,
            source: self,
        }
    }
}

/// Checks the limits that hold whatever is stored. Every store calls it first.
///
/// # Errors
/// [`StoreError::ImportRefused`] names the first event that breaks one, and the limit.
pub fn check_import(events: &[RecordedEvent]) -> Result<(), StoreError> {
    let mut ids = HashSet::with_capacity(events.len());
    for event in events {
        if events.len() > Append::MAX_EVENTS {
            let too_many = InvalidAppend::TooMany {
                count: events.len(),
                limit: Append::MAX_EVENTS,
            };
            return Err(ImportRefusal::Invalid(too_many).of(event));
        }
        if !ids.insert((event.tenant_id, event.id)) {
            return Err(ImportRefusal::Repeated.of(event));
        }
        check(event).map_err(|refusal| refusal.of(event))?;
    }
    Ok(())
}

fn check(event: &RecordedEvent) -> Result<(), ImportRefusal> {
    check_name(&event.aggregate_type)
        .and_then(|()| check_name(&event.event_type))
        .and_then(|()| check_json("the metadata", event.metadata.json()))
        .and_then(|()| check_json(&event.event_type, &event.payload))
        .map_err(ImportRefusal::Invalid)?;
    event.metadata().map_err(|_| ImportRefusal::Metadata)?;
    let said = event.metadata.time();
    if said.is_some_and(|said| said != event.occurred_at) {
        return Err(ImportRefusal::Metadata);
    }
    if event.schema_version == 0 {
        return Err(ImportRefusal::Invalid(InvalidAppend::SchemaVersion {
            event: event.event_type.to_string(),
        }));
    }
    if event.version > Version::MAX {
        return Err(ImportRefusal::Invalid(InvalidAppend::VersionOverflow));
    }
    // Walked through without recursion, however deep it is nested.
    let json: Result<IgnoredAny, _> = serde_json::from_str(&event.payload);
    json.map(|_| ()).map_err(|_| ImportRefusal::NotJson)
}

/// What a store has where an event of a page belongs.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Existing {
    /// The version and aggregate type of its stream, if that exists.
    pub stream: Option<(Version, CompactString)>,
    /// The event with its id in its tenant, if there is one.
    pub event: Option<RecordedEvent>,
}

impl Existing {
    /// What is stored: the stream with its version and the aggregate type that it began under, and the event with this id.
    pub fn new(stream: Option<(Version, CompactString)>, event: Option<RecordedEvent>) -> Self {
        Self { stream, event }
    }
}

/// Decides in order which events of a page are new. It is the same on every store: each decision sees the events before it. Ask
/// it for the whole page before you store any of it.
#[derive(Debug, Default)]
pub struct ImportPlan {
    streams: HashMap<(TenantId, AggregateId), (Version, CompactString)>,
}

impl ImportPlan {
    /// Whether the next event is to be stored; one that is there already is not.
    ///
    /// # Errors
    /// [`StoreError::ImportRefused`] when it contradicts what is there.
    pub fn is_new(
        &mut self,
        event: &RecordedEvent,
        existing: Existing,
    ) -> Result<bool, StoreError> {
        if let Some(stored) = existing.event {
            return if same(&stored, event) {
                Ok(false)
            } else {
                Err(ImportRefusal::Differs.of(event))
            };
        }
        let key = (event.tenant_id, event.aggregate_id);
        let stream = self.streams.remove(&key).or(existing.stream);
        let actual = match stream {
            Some((_, found)) if found != event.aggregate_type => {
                let found = found.into();
                return Err(ImportRefusal::WrongAggregate { found }.of(event));
            }
            Some((version, _)) => version,
            None => Version::NONE,
        };
        if actual.after(1) != Some(event.version) {
            return Err(ImportRefusal::misplaced(event.version, actual).of(event));
        }
        self.streams
            .insert(key, (event.version, event.aggregate_type.clone()));
        Ok(true)
    }
}

/// Whether two records are of one event. Positions do not count, because each store makes its own.
fn same(one: &RecordedEvent, other: &RecordedEvent) -> bool {
    let RecordedEvent {
        position: _,
        id,
        tenant_id,
        aggregate_type,
        aggregate_id,
        version,
        event_type,
        schema_version,
        payload,
        metadata,
        recorded_at,
        occurred_at,
    } = one;
    *id == other.id
        && *tenant_id == other.tenant_id
        && *aggregate_type == other.aggregate_type
        && *aggregate_id == other.aggregate_id
        && *version == other.version
        && *event_type == other.event_type
        && *schema_version == other.schema_version
        && *payload == other.payload
        && *metadata == other.metadata
        && *recorded_at == other.recorded_at
        && *occurred_at == other.occurred_at
}
