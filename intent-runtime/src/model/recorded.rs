//! [`Recorded`]: a typed event with its stored record.

use std::{ops::Deref, sync::Arc};

use crate::{
    model::decoded::Decoded,
    record::{
        event::RecordedEvent,
        id::{AggregateId, EventId, TenantId},
        metadata::{Metadata, MetadataError},
        timestamp::Timestamp,
        version::{Position, Version},
    },
};

/// A typed event with its stored record. All parts of a split event have the same record.
///
/// It derefs to the event. Methods give the record, so that no field of the event is hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded<E> {
    /// The event, in today's shape.
    pub event: E,
    source: Arc<RecordedEvent>,
}

impl<E> Recorded<E> {
    /// Gives each decoded event its stored record.
    pub(crate) fn all(events: Decoded<E>, source: RecordedEvent) -> Decoded<Self> {
        let source = Arc::new(source);
        let beside = |event| Self {
            event,
            source: Arc::clone(&source),
        };
        match events {
            Decoded::One(event) => Decoded::One(beside(event)),
            Decoded::Several(events) => Decoded::Several(events.into_iter().map(beside).collect()),
        }
    }

    /// An event with the record that it was read from.
    pub(crate) fn new(event: E, source: Arc<RecordedEvent>) -> Self {
        Self { event, source }
    }

    /// The event's id.
    pub fn id(&self) -> EventId {
        self.source.id
    }

    /// Its number in its stream, from 1.
    pub fn version(&self) -> Version {
        self.source.version
    }

    /// Its place in the whole log.
    pub fn position(&self) -> Position {
        self.source.position
    }

    /// The store's clock when it was stored.
    pub fn recorded_at(&self) -> Timestamp {
        self.source.recorded_at
    }

    /// When it happened in the domain: the metadata's time, or else when it was stored.
    pub fn occurred_at(&self) -> Timestamp {
        self.source.occurred_at
    }

    /// Who, why and where from. It is parsed when you first ask for it.
    ///
    /// # Errors
    /// If the stored text is not metadata. Each further call returns the same error.
    pub fn metadata(&self) -> Result<&Metadata, MetadataError> {
        self.source.metadata()
    }

    /// The tenant it belongs to.
    pub fn tenant_id(&self) -> TenantId {
        self.source.tenant_id
    }

    /// The aggregate it belongs to. [`AggregateId::typed`] makes it an [`Id`](crate::Id).
    pub fn aggregate_id(&self) -> AggregateId {
        self.source.aggregate_id
    }

    /// The event as it is stored: with its stored name, the version of its shape, and its payload.
    pub fn source(&self) -> &RecordedEvent {
        &self.source
    }
}

impl<E> Deref for Recorded<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.event
    }
}

/// The event as it is stored.
impl<'a, E> From<&'a Recorded<E>> for &'a RecordedEvent {
    fn from(recorded: &'a Recorded<E>) -> Self {
        &recorded.source
    }
}
