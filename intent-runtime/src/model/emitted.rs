//! [`Emitted`]: a typed event with what is known of it before it is stored.

use std::{ops::Deref, sync::Arc};

use crate::{
    model::recorded::Recorded,
    record::{
        event::RecordedEvent,
        id::{AggregateId, EventId, TenantId},
        metadata::{Metadata, MetadataError},
        timestamp::Timestamp,
        version::{Position, Version},
    },
};

/// A typed event with what is known of it when its command has decided, before it is stored: what the rules of an inline read model
/// see. Its place in the log and the store's clock are yet to come, so it has neither.
///
/// It derefs to the event. Methods give the rest, so that no field of the event is hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted<E>(Recorded<E>);

impl<E> Emitted<E> {
    /// An event, with a record whose place and whose time of storing mean nothing.
    pub(crate) fn new(event: E, source: Arc<RecordedEvent>) -> Self {
        Self(Recorded::new(event, source))
    }

    /// The event's id.
    pub fn id(&self) -> EventId {
        self.0.id()
    }

    /// Its number in its stream, from 1.
    pub fn version(&self) -> Version {
        self.0.version()
    }

    /// When it happened in the domain: the metadata's time. Every command gives its events one. An event that was stored in
    /// another way, without such a time, has the time when it was stored.
    pub fn occurred_at(&self) -> Timestamp {
        self.0.occurred_at()
    }

    /// Who, why and where from. It is parsed when you first ask for it.
    ///
    /// # Errors
    /// If the stored text is not metadata. Each further call returns the same error.
    pub fn metadata(&self) -> Result<&Metadata, MetadataError> {
        self.0.metadata()
    }

    /// The tenant it belongs to.
    pub fn tenant_id(&self) -> TenantId {
        self.0.tenant_id()
    }

    /// The aggregate it belongs to. [`AggregateId::typed`] makes it an [`Id`](crate::Id).
    pub fn aggregate_id(&self) -> AggregateId {
        self.0.aggregate_id()
    }
}

/// What has a place in the log. No [`Emitted`] has: the compiler says so to those who ask.
#[diagnostic::on_unimplemented(
    message = "an inline read model is written before its event has a place in the log and a time by the store's clock",
    label = "not known yet",
    note = "`version()` is its number in the stream, and `occurred_at()` when it happened",
    note = "a model that needs the log's own is written by a worker: remove `mode = \"inline\"`"
)]
pub trait InTheLog {}

#[doc(hidden)]
impl<E> Emitted<E> {
    pub fn position(&self) -> Position
    where
        Self: InTheLog,
    {
        self.0.position()
    }

    pub fn recorded_at(&self) -> Timestamp
    where
        Self: InTheLog,
    {
        self.0.recorded_at()
    }

    pub fn source(&self) -> &RecordedEvent
    where
        Self: InTheLog,
    {
        self.0.source()
    }
}

impl<E> Deref for Emitted<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.0.event
    }
}
