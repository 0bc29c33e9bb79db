//! The events of an aggregate by its name, in pages.

use std::ops::ControlFlow;

use serde::{Serialize, Serializer, ser::Error as _, ser::SerializeMap as _};
use serde_json::value::RawValue;

use crate::{
    by_name::{AnyAggregate, Place, outcome::EventJson},
    dispatch::{error::LoadError, load::reaches},
    model::schema_version::SchemaVersion,
    record::{event::RecordedEvent, id::AggregateId, stream::StreamId, version::Version},
    store::ReadStream,
};

/// How many bytes of payloads and metadata end a page.
const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Some events of an aggregate, in order.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct HistoryPage {
    /// The events.
    pub events: Vec<EventView>,
    /// The version to read on after; `None` if there are no more events.
    pub next: Option<Version>,
}

/// One stored event, with what it is read as today.
///
/// It serializes as a JSON object: `version`, `position`, `id`, `recorded_at`, `occurred_at`, `name`, `schema_version`, `payload` and `metadata` as
/// they are stored, and either `today`, a list of events, or `unreadable`, the reason.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EventView {
    /// The event as it is stored.
    pub stored: RecordedEvent,
    /// The events that it is read as today: one, several if it was split, none if it was retired. Or the reason why it cannot
    /// be read.
    pub today: Result<Vec<EventJson>, String>,
}

impl Serialize for EventView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = |json| serde_json::from_str::<&RawValue>(json).map_err(S::Error::custom);
        let stored = &self.stored;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("version", &stored.version)?;
        map.serialize_entry("position", &stored.position)?;
        map.serialize_entry("id", &stored.id)?;
        map.serialize_entry("recorded_at", &stored.recorded_at)?;
        map.serialize_entry("occurred_at", &stored.occurred_at)?;
        map.serialize_entry("name", &stored.event_type)?;
        map.serialize_entry("schema_version", &schema_version(stored))?;
        map.serialize_entry("payload", raw(&stored.payload)?)?;
        map.serialize_entry("metadata", raw(stored.metadata.json())?)?;
        match &self.today {
            Ok(events) => map.serialize_entry("today", events)?,
            Err(reason) => map.serialize_entry("unreadable", reason)?,
        }
        map.end()
    }
}

fn schema_version(stored: &RecordedEvent) -> u32 {
    SchemaVersion::from_stored(stored.schema_version).number()
}

/// Reads the events of a stream after a version: at most `limit`, at least one if there is one.
pub(crate) async fn page(
    place: Place<'_>,
    aggregate: &AnyAggregate,
    id: AggregateId,
    after: Version,
    limit: usize,
) -> Result<HistoryPage, LoadError> {
    let store = place.store;
    let stream = StreamId {
        tenant_id: place.tenant,
        aggregate_type: (aggregate.aggregate_type)(),
        aggregate_id: id,
    };
    let limit = limit.max(1);
    // One event more than the page has shows whether it is the last. A store may send all that it is asked for, even if the
    // sink takes less.
    let asked = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = ReadStream {
        after,
        to: after.after(asked).unwrap_or(Version::MAX),
        ..ReadStream::all(&stream)
    };
    let (mut stored, mut bytes, mut more) = (Vec::new(), 0, false);
    let mut sink = |event: RecordedEvent| {
        more = stored.len() >= limit || bytes >= PAGE_BYTES;
        if more {
            return ControlFlow::Break(());
        }
        bytes += event.payload.len() + event.metadata.json().len();
        stored.push(event);
        ControlFlow::Continue(())
    };
    store.read_events(read, &mut sink).await?;
    let exists = !stored.is_empty()
        || after > Version::NONE && reaches(store, &stream, Version::FIRST).await?;
    if !exists {
        return Err(LoadError::not_found(stream));
    }
    let next = stored.last().map(|last| last.version).filter(|_| more);
    let events = stored.into_iter().map(|stored| {
        let today = (aggregate.today)(&stored);
        let today = today.map_err(|error| format!("{error:?}"));
        EventView { stored, today }
    });
    Ok(HistoryPage {
        events: events.collect(),
        next,
    })
}
