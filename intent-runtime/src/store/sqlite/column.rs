//! Between our types and SQLite's: ids are blobs of 16 bytes, and times are microseconds since 1970.

use sqlx::{
    Decode, Row, Sqlite, Type,
    error::BoxDynError,
    sqlite::{SqliteRow, SqliteTypeInfo, SqliteValueRef},
};

use crate::{
    record::{
        event::RecordedEvent,
        id::{AggregateId, EventId, TenantId},
        metadata::StoredMetadata,
        stream::StreamId,
        timestamp::Timestamp,
        version::{Position, Version},
    },
    store::error::StoreError,
};

impl Type<Sqlite> for Timestamp {
    fn type_info() -> SqliteTypeInfo {
        <i64 as Type<Sqlite>>::type_info()
    }
}

impl<'r> Decode<'r, Sqlite> for Timestamp {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        let micros = <i64 as Decode<'r, Sqlite>>::decode(value)?;
        Ok(Self::from_micros(micros)?)
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
        .map_err(|error| stream.corrupt(format!("its {name} cannot be read: {error}")))
}

/// The whole event in a row.
///
/// # Errors
/// [`StoreError::Corrupt`] names the event that cannot be read.
pub(super) fn recorded(row: &SqliteRow) -> Result<RecordedEvent, StoreError> {
    read(row).map_err(|error| {
        let id = |column| row.try_get(column).unwrap_or_default();
        let stream = StreamId {
            tenant_id: TenantId::from_uuid(id("tenant_id")),
            aggregate_type: row
                .try_get("aggregate_type")
                .unwrap_or_else(|_| String::new())
                .into(),
            aggregate_id: AggregateId::from_uuid(id("aggregate_id")),
        };
        let version: i64 = row.try_get("version").unwrap_or(0);
        stream.corrupt(format!("event {version} cannot be read: {error}"))
    })
}

fn read(row: &SqliteRow) -> Result<RecordedEvent, BoxDynError> {
    let position: i64 = row.try_get("position")?;
    let version: i64 = row.try_get("version")?;
    let schema_version: i64 = row.try_get("schema_version")?;
    Ok(RecordedEvent {
        position: Position::new(position.try_into()?),
        id: EventId::from_uuid(row.try_get("event_id")?),
        tenant_id: TenantId::from_uuid(row.try_get("tenant_id")?),
        aggregate_type: row.try_get::<&str, _>("aggregate_type")?.into(),
        aggregate_id: AggregateId::from_uuid(row.try_get("aggregate_id")?),
        version: Version::new(version.try_into()?),
        event_type: row.try_get::<&str, _>("event_type")?.into(),
        schema_version: schema_version.try_into()?,
        payload: row.try_get("payload")?,
        metadata: StoredMetadata::from_json(row.try_get::<&str, _>("metadata")?),
        recorded_at: row.try_get("recorded_at")?,
        occurred_at: row.try_get("occurred_at")?,
    })
}
