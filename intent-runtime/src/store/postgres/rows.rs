//! Conversions between our types and types of Postgres that sqlx does not cover.

use sqlx::{
    Column, Decode, Encode, Postgres, Row, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgHasArrayType, PgRow, PgTypeInfo, PgValueRef, types::Oid},
};
use uuid::Uuid;

use crate::{
    record::{
        event::RecordedEvent,
        id::{AggregateId, EventId, TenantId},
        metadata::StoredMetadata,
        stream::StreamId,
        timestamp::Timestamp,
        version::Position,
    },
    store::{check::version, error::StoreError},
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

/// A parameter that is an array: what each item has for it.
pub(super) fn array<I: Iterator + Clone, T>(items: &I, value: impl Fn(I::Item) -> T) -> Vec<T> {
    items.clone().map(value).collect()
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
        .map_err(|error| stream.corrupt(format!("a column cannot be read: {error}")))
}

/// Where the columns of events are in rows: from one on, tenant, aggregate, version, aggregate type, position, id, event type,
/// schema version, the time the event was recorded, payload, metadata and its own time, in this order.
///
/// Their types are checked once for all rows: sqlx would check them for each value, which takes longer than to decode it.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventColumns(usize);

impl EventColumns {
    /// The columns from `first` on, in rows of which this is one.
    ///
    /// # Errors
    /// When one of them is of another type.
    pub(super) fn of(row: &PgRow, first: usize) -> Result<Self, sqlx::Error> {
        type IsOfType = fn(&PgTypeInfo) -> bool;
        fn is<T: Type<Postgres>>(found: &PgTypeInfo) -> bool {
            T::compatible(found)
        }
        let types: [IsOfType; 12] = [
            is::<Uuid>,
            is::<Uuid>,
            is::<i64>,
            is::<String>,
            is::<i64>,
            is::<Uuid>,
            is::<String>,
            is::<i64>,
            is::<Timestamp>,
            is::<Json<'_>>,
            is::<Json<'_>>,
            is::<Timestamp>,
        ];
        for (index, is_of_type) in (first..).zip(types) {
            let column = row.try_column(index)?;
            if !is_of_type(column.type_info()) {
                let (name, of_type) = (column.name(), column.type_info());
                let what = format!("the column `{name}` is of the type {of_type}");
                return Err(sqlx::Error::Decode(what.into()));
            }
        }
        Ok(Self(first))
    }

    /// The event in a row.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names the event that cannot be read.
    pub(super) fn event(self, row: &PgRow) -> Result<RecordedEvent, StoreError> {
        self.read(row).map_err(|error| {
            let Self(first) = self;
            let stream = StreamId {
                tenant_id: TenantId::from_uuid(value(row, first).unwrap_or_default()),
                aggregate_type: value(row, first + 3)
                    .unwrap_or_else(|_| String::new())
                    .into(),
                aggregate_id: AggregateId::from_uuid(value(row, first + 1).unwrap_or_default()),
            };
            let version: i64 = value(row, first + 2).unwrap_or(0);
            stream.corrupt(format!("event {version} cannot be read: {error}"))
        })
    }

    fn read(self, row: &PgRow) -> Result<RecordedEvent, BoxDynError> {
        let Self(first) = self;
        let position: i64 = value(row, first + 4)?;
        let schema_version: i64 = value(row, first + 7)?;
        let Json(payload) = value(row, first + 9)?;
        let Json(metadata) = value(row, first + 10)?;
        Ok(RecordedEvent {
            position: Position::new(position.try_into()?),
            id: EventId::from_uuid(value(row, first + 5)?),
            tenant_id: TenantId::from_uuid(value(row, first)?),
            aggregate_type: value::<&str>(row, first + 3)?.into(),
            aggregate_id: AggregateId::from_uuid(value(row, first + 1)?),
            version: version(value(row, first + 2)?),
            event_type: value::<&str>(row, first + 6)?.into(),
            schema_version: schema_version.try_into()?,
            payload: payload.to_owned(),
            metadata: StoredMetadata::from_json(metadata),
            recorded_at: value(row, first + 8)?,
            occurred_at: value(row, first + 11)?,
        })
    }
}

/// A value of a column whose type was checked.
fn value<'r, T: Decode<'r, Postgres>>(row: &'r PgRow, index: usize) -> Result<T, BoxDynError> {
    T::decode(row.try_get_raw(index)?)
}
