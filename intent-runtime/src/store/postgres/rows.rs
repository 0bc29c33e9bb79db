//! Conversions between our types and types of Postgres that sqlx does not cover.

use sqlx::{
    Decode, Encode, Postgres, Row, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgHasArrayType, PgRow, PgTypeInfo, PgValueRef, types::Oid},
};

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

/// JSON as text. The type `json` stores and sends it unchanged, to the byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Json<'a>(pub(super) &'a str);

const JSON: PgTypeInfo = PgTypeInfo::with_oid(Oid(114));
const JSON_ARRAY: PgTypeInfo = PgTypeInfo::with_oid(Oid(199));
const TIMESTAMPTZ: PgTypeInfo = PgTypeInfo::with_oid(Oid(1184));
const TIMESTAMPTZ_ARRAY: PgTypeInfo = PgTypeInfo::with_oid(Oid(1185));

/// Microseconds from 1970, where our times start, to 2000, where those of Postgres do.
const EPOCH: i64 = 946_684_800_000_000;

impl Type<Postgres> for Json<'_> {
    fn type_info() -> PgTypeInfo {
        JSON
    }
}

impl PgHasArrayType for Json<'_> {
    fn array_type_info() -> PgTypeInfo {
        JSON_ARRAY
    }
}

impl Encode<'_, Postgres> for Json<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}

impl<'r> Decode<'r, Postgres> for Json<'r> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(std::str::from_utf8(value.as_bytes()?)?))
    }
}

impl Type<Postgres> for Timestamp {
    fn type_info() -> PgTypeInfo {
        TIMESTAMPTZ
    }
}

impl PgHasArrayType for Timestamp {
    fn array_type_info() -> PgTypeInfo {
        TIMESTAMPTZ_ARRAY
    }
}

impl Encode<'_, Postgres> for Timestamp {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(&(self.as_micros() - EPOCH).to_be_bytes());
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Timestamp {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let micros = i64::from_be_bytes(value.as_bytes()?.try_into()?);
        Ok(Self::from_micros(micros.saturating_add(EPOCH))?)
    }
}

/// The version as a column stores it. A version above the column's highest value becomes that value.
pub(super) fn from_version(version: Version) -> i64 {
    i64::try_from(version.get()).unwrap_or(i64::MAX)
}

/// The version in a column. A negative number, which no stream has, counts as none.
pub(super) fn version(number: i64) -> Version {
    Version::new(u64::try_from(number).unwrap_or(0))
}

/// A parameter that is an array: what each item has for it.
pub(super) fn column<I: Iterator + Clone, T>(items: &I, value: impl Fn(I::Item) -> T) -> Vec<T> {
    items.clone().map(value).collect()
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
pub(super) fn get<'r, T>(row: &'r PgRow, index: usize, stream: &StreamId) -> Result<T, StoreError>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
{
    row.try_get(index)
        .map_err(|error| corrupt(stream, format!("a column cannot be read: {error}")))
}

/// The event in a row, from the column `first` on: version, aggregate type, position, id, event type, schema version, the time
/// it was recorded, payload, metadata and its own time, in this order. Its tenant and aggregate are those of `stream`.
///
/// # Errors
/// [`StoreError::Corrupt`] names the event that cannot be read.
pub(super) fn recorded(
    row: &PgRow,
    first: usize,
    stream: &StreamId,
) -> Result<RecordedEvent, StoreError> {
    let read = || -> Result<RecordedEvent, BoxDynError> {
        let position: i64 = row.try_get(first + 2)?;
        let schema_version: i64 = row.try_get(first + 5)?;
        let Json(payload) = row.try_get(first + 7)?;
        let Json(metadata) = row.try_get(first + 8)?;
        Ok(RecordedEvent {
            position: Position::new(position.try_into()?),
            id: EventId::from_uuid(row.try_get(first + 3)?),
            tenant_id: stream.tenant_id,
            aggregate_type: row.try_get(first + 1)?,
            aggregate_id: stream.aggregate_id,
            version: version(row.try_get(first)?),
            event_type: row.try_get(first + 4)?,
            schema_version: schema_version.try_into()?,
            payload: payload.to_owned(),
            metadata: StoredMetadata::from_json(metadata),
            recorded_at: row.try_get(first + 6)?,
            occurred_at: row.try_get(first + 9)?,
        })
    };
    read().map_err(|error| {
        let found: Option<String> = row.try_get(first + 1).ok();
        let stream = StreamId {
            aggregate_type: found.map_or_else(|| stream.aggregate_type.clone(), Into::into),
            ..stream.clone()
        };
        let version: i64 = row.try_get(first).unwrap_or(0);
        corrupt(&stream, format!("event {version} cannot be read: {error}"))
    })
}
