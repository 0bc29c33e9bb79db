//! Events as they are stored: [`NewEvent`] before, [`RecordedEvent`] afterwards.

use std::borrow::Cow;

use compact_str::CompactString;
use serde_json::value::RawValue;

use crate::record::{
    id::{AggregateId, EventId, TenantId},
    metadata::StoredMetadata,
    stream::StreamId,
    timestamp::Timestamp,
    version::{Position, Version},
};

/// An event about to be stored. Its id follows from the id of its command and its number among the command's events:
/// [`EventId::of`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewEvent {
    /// Its stored name: 1 to 255 bytes, no control characters.
    pub event_type: Cow<'static, str>,
    /// The version of its shape, as it is stored: [`SchemaVersion::stored`](crate::model::SchemaVersion::stored).
    pub schema_version: u32,
    /// Its payload: JSON, at most 16 MiB, kept to the byte.
    pub payload: Box<RawValue>,
}

impl NewEvent {
    /// An event with its stored name, the version of its shape as it is stored, and its payload.
    pub fn new(
        event_type: impl Into<Cow<'static, str>>,
        schema_version: u32,
        payload: Box<RawValue>,
    ) -> Self {
        Self {
            event_type: event_type.into(),
            schema_version,
            payload,
        }
    }
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedEvent {
    /// Its place in the whole log.
    pub position: Position,
    /// Its id.
    pub id: EventId,
    /// The tenant it belongs to.
    pub tenant_id: TenantId,
    /// The type of the aggregate it belongs to, by the name that the stream was begun under: see [`is_of`](Self::is_of).
    pub aggregate_type: CompactString,
    /// The aggregate it belongs to.
    pub aggregate_id: AggregateId,
    /// Its number in that aggregate's stream, from 1.
    pub version: Version,
    /// Its stored name.
    pub event_type: CompactString,
    /// The version of its shape, as it is stored: see [`SchemaVersion::from_stored`](crate::model::SchemaVersion::from_stored).
    pub schema_version: u32,
    /// Its payload, as it was stored.
    pub payload: String,
    /// Who, why and where from, as it is stored. [`metadata()`](Self::metadata) parses it.
    pub metadata: StoredMetadata,
    /// The store's clock when it was stored.
    pub recorded_at: Timestamp,
    /// When it happened in the domain: the metadata's time, or else when it was stored.
    pub occurred_at: Timestamp,
}

impl RecordedEvent {
    /// An event as a store keeps it: a value for each column. For stores and importers: readers get theirs from a store.
    #[expect(
        clippy::too_many_arguments,
        reason = "one for each column, so that none is forgotten"
    )]
    pub fn new(
        position: Position,
        id: EventId,
        stream: StreamId,
        version: Version,
        event_type: impl Into<CompactString>,
        schema_version: u32,
        payload: String,
        metadata: StoredMetadata,
        recorded_at: Timestamp,
        occurred_at: Timestamp,
    ) -> Self {
        Self {
            position,
            id,
            tenant_id: stream.tenant_id,
            aggregate_type: CompactString::new(&*stream.aggregate_type),
            aggregate_id: stream.aggregate_id,
            version,
            event_type: event_type.into(),
            schema_version,
            payload,
            metadata,
            recorded_at,
            occurred_at,
        }
    }

    /// The stream it belongs to.
    pub fn stream(&self) -> StreamId {
        StreamId {
            tenant_id: self.tenant_id,
            aggregate_type: self.aggregate_type.clone().into(),
            aggregate_id: self.aggregate_id,
        }
    }
}
