//! A recorded event as its aggregate reads it.

use crate::{
    dispatch::error::LoadError,
    model::{
        aggregate::Aggregate, decoded::Decoded, event::AggregateEvent as _, recorded::Recorded,
        schema_version::SchemaVersion,
    },
    record::{
        event::RecordedEvent,
        id::Id,
        stream::{AggregateType, StreamId},
    },
    store::error::StoreError,
};

impl RecordedEvent {
    /// Whether it belongs to an aggregate of this type, under its name or a former one.
    pub fn is_of<A: Aggregate>(&self) -> bool {
        AggregateType::of::<A>().is(&self.aggregate_type)
    }

    /// The typed events of an aggregate that this one is read as, in today's shape: one, several if it was split, none if it
    /// was retired. This event becomes the record of each, so nothing is copied; clone it first to keep it.
    ///
    /// # Errors
    /// [`LoadError::Decode`] for an unknown name, a version without a chain, or a payload of another shape;
    /// [`StoreError::WrongAggregate`] if it belongs to an aggregate of another type.
    pub fn decode<A: Aggregate>(self) -> Result<Decoded<Recorded<A::Event>>, LoadError> {
        Ok(Recorded::all(self.typed::<A>()?, self))
    }

    /// The same events without their record.
    pub(crate) fn typed<A: Aggregate>(&self) -> Result<Decoded<A::Event>, LoadError> {
        let id = Id::<A>::from_uuid(self.aggregate_id.as_uuid());
        let stream = || StreamId::of(self.tenant_id, id);
        if !self.is_of::<A>() {
            return Err(LoadError::Store(StoreError::WrongAggregate {
                stream: stream(),
                found: self.aggregate_type.to_string(),
            }));
        }
        let payload = self.payload.as_bytes();
        let events = A::Event::decode(&self.event_type, self.schema_version, payload);
        events.map_err(|source| LoadError::Decode {
            stream: stream(),
            version: self.version,
            event: self.event_type.to_string(),
            schema_version: SchemaVersion::from_stored(self.schema_version).number(),
            source: Box::new(source),
        })
    }
}
