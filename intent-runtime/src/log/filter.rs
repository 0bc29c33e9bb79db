//! Filters that name events and aggregates by their types.

use std::any::TypeId;

use crate::{
    model::{aggregate::Aggregate, event::Event, kinds::EventKind},
    record::id::{AggregateId, Id},
    schema::catalogue::Catalogue,
    store::log::LogFilter,
};

impl LogFilter {
    /// Also events of this type of aggregate, under its name and its former ones; only those that are named, once one is.
    #[must_use]
    pub fn aggregate<A: Aggregate>(self) -> Self {
        let named = self.aggregate_type(A::TYPE);
        A::FORMERLY
            .iter()
            .copied()
            .fold(named, Self::aggregate_type)
    }

    /// Also events of this kind, under its name and its former ones; only those that are named, once one is.
    ///
    /// A subscription of an [`App`](crate::App) also gives the past events that its aggregates split where they list this
    /// one, since it may be among what becomes of them.
    #[must_use]
    pub fn event<E: Event>(mut self) -> Self {
        self.kinds.push(TypeId::of::<E>());
        let named = self.event_type(E::NAME);
        E::FORMERLY.iter().copied().fold(named, Self::event_type)
    }

    /// Also events of this aggregate; only those that are named, once one is.
    #[must_use]
    pub fn id<A>(mut self, id: Id<A>) -> Self {
        self.aggregate_ids
            .push(AggregateId::from_uuid(id.as_uuid()));
        self
    }

    /// Whether events of this kind are among those named by their types.
    pub(crate) fn names(&self, kind: &EventKind) -> bool {
        self.kinds.contains(&kind.type_id)
    }

    /// The filter that also finds the past events which become those it names.
    pub(crate) fn complete(self, catalogue: &Catalogue) -> Self {
        let splitting = catalogue.aggregates().iter().filter(|aggregate| {
            let mut events = aggregate.events.iter();
            events.any(|event| self.names(event))
        });
        let sources: Vec<&str> = splitting
            .flat_map(|aggregate| aggregate.split.iter().flat_map(EventKind::names))
            .collect();
        sources.into_iter().fold(self, Self::event_type)
    }
}
