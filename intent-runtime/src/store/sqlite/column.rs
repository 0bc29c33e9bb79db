//! Between our types and SQLite's: ids are blobs of 16 bytes, versions and positions are signed integers.

use sqlx::{Decode, Row, Sqlite, Type, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{
    record::{
        event::RecordedEvent,
        id::EventId,
        metadata::StoredMetadata,
        stream::StreamId,
        timestamp::Timestamp,
        version::{Position, Version},
    },
    store::error::StoreError,
};

/// The id as a parameter.
pub(super) fn id(uuid: Uuid) -> Vec<u8> {
    uuid.as_bytes().to_vec()
}

/// The version as a column stores it. A version above the column's highest value becomes that value.
pub(super) fn from_version(version: Version) -> i64 {
    i64::try_from(version.get()).unwrap_or(i64::MAX)
}

/// The version in a column. A negative number, which no stream has, counts as none.
pub(super) fn version(number: i64) -> Version {
    Version::new(u64::try_from(number).unwrap_or(0))
}

/// The error for a stored row that cannot be right.
pub(super) fn corrupt(stream: &StreamId, what: String) -> StoreError {
    StoreError::Corrupt {
        stream: stream.clone(),
        what,
    }
}

/// A column of a row of this stream.
///
/// # Errors
/// [`StoreError::Corrupt`] when the value is of another type.
pub(super) fn get<'r, T>(row: &'r SqliteRow, name: &str, stream: &StreamId) -> Result<T, StoreError>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get(name)
        .map_err(|error| corrupt(stream, format!("its {name} cannot be read: {error}")))
}

/// The whole event in a row of `read_events.sql`.
///
/// # Errors
/// [`StoreError::Corrupt`] names the event that cannot be read.
pub(super) fn recorded(row: &SqliteRow, stream: &StreamId) -> Result<RecordedEvent, StoreError> {
    let version: i64 = get(row, "version", stream)?;
    let wrong = |column: &str, error: &dyn std::fmt::Display| {
        corrupt(stream, format!("the {column} of event {version}: {error}"))
    };
    let position: i64 = get(row, "position", stream)?;
    let id: &[u8] = get(row, "event_id", stream)?;
    let id = Uuid::from_slice(id).map_err(|error| wrong("event id", &error))?;
    let schema_version: i64 = get(row, "schema_version", stream)?;
    let schema_version =
        u32::try_from(schema_version).map_err(|error| wrong("schema version", &error))?;
    let time = |column: &str| {
        let micros = get(row, column, stream)?;
        Timestamp::from_micros(micros).map_err(|error| wrong(column, &error))
    };
    let metadata: &str = get(row, "metadata", stream)?;
    Ok(RecordedEvent {
        position: Position::new(u64::try_from(position).map_err(|e| wrong("position", &e))?),
        id: EventId::from_uuid(id),
        tenant_id: stream.tenant_id,
        aggregate_type: get::<&str>(row, "aggregate_type", stream)?.into(),
        aggregate_id: stream.aggregate_id,
        version: Version::new(u64::try_from(version).map_err(|e| wrong("version", &e))?),
        event_type: get::<&str>(row, "event_type", stream)?.into(),
        schema_version,
        payload: get(row, "payload", stream)?,
        metadata: StoredMetadata::from_json(metadata),
        recorded_at: time("recorded_at")?,
        occurred_at: time("occurred_at")?,
    })
}
