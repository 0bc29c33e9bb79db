//! Which events change which rows.

use std::{
    any::{Any, TypeId, type_name},
    fmt,
    sync::Arc,
};

use crate::{
    model::{
        aggregate::Aggregate,
        emitted::Emitted,
        event::{AggregateEvent, EventOf},
        kinds::EventKind,
        overflow::Overflow,
        read_model::{ReadModel, key::IntoKeys},
        recorded::Recorded,
        upcast::DecodeError,
    },
    record::{event::RecordedEvent, id::Id, stream::AggregateType},
};

/// Changes a row: `None` is a row that does not exist. An effect that fails may have changed the row in part, so the row is dropped.
pub type Effect<M> = Box<dyn FnOnce(&mut Option<M>) -> Result<(), Overflow> + Send + Sync>;

/// What an event of a kind does to a row with this key: see [`Effect`].
pub type EffectOf<M, E> =
    fn(&mut Option<M>, <M as ReadModel>::Key, &Recorded<E>) -> Result<(), Overflow>;

/// The same for an inline model.
pub type InlineEffectOf<M, E> =
    fn(&mut Option<M>, <M as ReadModel>::Key, &Emitted<E>) -> Result<(), Overflow>;

/// What an event does to one row.
pub struct Change<M: ReadModel> {
    /// The key of the row.
    pub key: M::Key,
    /// Its effect on the row.
    pub effect: Effect<M>,
}

/// The events that change a read model. [`ReadModel::routes`] fills it.
pub struct Routes<M: ReadModel> {
    aggregates: Vec<Routed<M>>,
}

/// An aggregate whose events are heard.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) type_id: TypeId,
    pub(crate) type_name: &'static str,
    /// The name its streams are stored under.
    pub(crate) name: &'static str,
    /// The events of it that are listed more than once.
    pub(crate) twice: Vec<&'static str>,
}

/// The events of one aggregate.
struct Routed<M: ReadModel> {
    heard: Heard,
    aggregate_type: AggregateType,
    /// All names of the events, and of the past ones that may be split into them.
    names: Vec<&'static str>,
    events: Vec<&'static str>,
    decode: Decode<M>,
    routes: Vec<Route<M>>,
}

/// Reads an event of an aggregate, and asks its routes.
type Decode<M> = fn(&[Route<M>], Arc<RecordedEvent>) -> Result<Vec<Change<M>>, DecodeError>;

/// What is done with one kind of event of an aggregate. It is given `&A::Event`, whose type the aggregate's `decode` knows.
type Route<M> = Box<dyn Fn(&dyn Any, &Arc<RecordedEvent>) -> Vec<Change<M>> + Send + Sync>;

impl<M: ReadModel> Routes<M> {
    /// Those of `M`.
    #[doc(hidden)]
    pub fn of_model() -> Self {
        let mut routes = Self {
            aggregates: Vec::new(),
        };
        M::routes(&mut routes);
        routes
    }

    /// An event of an aggregate changes the rows whose keys `by` gives.
    pub fn on<A, E, K>(&mut self, by: fn(&Recorded<E>) -> K, effect: EffectOf<M, E>)
    where
        A: Aggregate,
        E: EventOf<A>,
        K: IntoKeys<M::Key> + 'static,
    {
        self.route::<A, E>(move |event, source| {
            let event = Arc::new(Recorded::new(event.clone(), Arc::clone(source)));
            let keys = by(&event).into_keys();
            keys.map(|key| {
                let (event, of) = (Arc::clone(&event), key.clone());
                Change {
                    key,
                    effect: Box::new(move |row| effect(row, of, &event)),
                }
            })
            .collect()
        });
    }

    /// An event changes the row that has its aggregate's id as the key.
    pub fn on_own<A, E>(&mut self, effect: EffectOf<M, E>)
    where
        A: Aggregate,
        E: EventOf<A>,
        M: ReadModel<Key = Id<A>>,
    {
        self.on::<A, E, Id<A>>(|event| event.aggregate_id().typed(), effect);
    }

    /// The same for an inline model.
    pub fn on_inline<A, E>(&mut self, effect: InlineEffectOf<M, E>)
    where
        A: Aggregate,
        E: EventOf<A>,
        M: ReadModel<Key = Id<A>>,
    {
        self.route::<A, E>(move |event, source| {
            let key = source.aggregate_id.typed();
            let event = Emitted::new(event.clone(), Arc::clone(source));
            let effect: Effect<M> = Box::new(move |row| effect(row, key, &event));
            vec![Change { key, effect }]
        });
    }

    fn route<A: Aggregate, E: EventOf<A>>(
        &mut self,
        changes: impl Fn(&E, &Arc<RecordedEvent>) -> Vec<Change<M>> + Send + Sync + 'static,
    ) {
        let routed = self.aggregate::<A>();
        if routed.events.contains(&E::NAME) && !routed.heard.twice.contains(&E::NAME) {
            routed.heard.twice.push(E::NAME);
        }
        routed.names.extend(EventKind::of::<E>().names());
        routed.events.push(E::NAME);
        routed.routes.push(Box::new(move |event, source| {
            let event: Option<&A::Event> = event.downcast_ref();
            let event = event.and_then(E::from_event);
            event.map_or_else(Vec::new, |event| changes(event, source))
        }));
    }

    fn aggregate<A: Aggregate>(&mut self) -> &mut Routed<M> {
        let type_id = TypeId::of::<A>();
        let found = self
            .aggregates
            .iter()
            .position(|it| it.heard.type_id == type_id);
        let index = found.unwrap_or_else(|| {
            let split = A::Event::split();
            self.aggregates.push(Routed {
                heard: Heard {
                    type_id,
                    type_name: type_name::<A>(),
                    name: A::TYPE,
                    twice: Vec::new(),
                },
                aggregate_type: AggregateType::of::<A>(),
                names: split.iter().flat_map(EventKind::names).collect(),
                events: Vec::new(),
                decode: decode::<A, M>,
                routes: Vec::new(),
            });
            self.aggregates.len() - 1
        });
        &mut self.aggregates[index]
    }

    /// What a stored event changes, in order.
    ///
    /// # Errors
    /// If it cannot be read.
    #[doc(hidden)]
    pub fn changes(&self, event: Arc<RecordedEvent>) -> Result<Vec<Change<M>>, DecodeError> {
        let mut aggregates = self.aggregates.iter();
        let routed = aggregates.find(|routed| routed.aggregate_type.is(&event.aggregate_type));
        match routed {
            Some(routed) if routed.names.contains(&&*event.event_type) => {
                (routed.decode)(&routed.routes, event)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// What an event of an aggregate changes, in order, with what is known of it besides.
    pub(crate) fn changes_of(
        &self,
        event: &dyn Any,
        source: &Arc<RecordedEvent>,
    ) -> impl Iterator<Item = Change<M>> {
        let routes = self.aggregates.iter().flat_map(|routed| &routed.routes);
        routes.flat_map(move |route| route(event, source))
    }

    /// The aggregates whose events are heard.
    pub(crate) fn aggregates(&self) -> Vec<Heard> {
        self.aggregates
            .iter()
            .map(|routed| routed.heard.clone())
            .collect()
    }

    /// Today's names of the events, each with that of its aggregate and once.
    pub(crate) fn events(&self) -> Vec<(&'static str, &'static str)> {
        let mut events = Vec::new();
        for routed in &self.aggregates {
            for event in &routed.events {
                let event = (routed.heard.name, *event);
                if !events.contains(&event) {
                    events.push(event);
                }
            }
        }
        events
    }

    /// The type of the aggregate whose events are heard, the first if there are several.
    pub(crate) fn aggregate_type(&self) -> AggregateType {
        let first = self.aggregates.first();
        first.map_or_else(|| "".into(), |routed| routed.aggregate_type.clone())
    }

    /// The stored names of the events, each with that of its aggregate.
    #[doc(hidden)]
    pub fn names(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.aggregates.iter().flat_map(|routed| {
            let aggregates = routed.aggregate_type.names();
            aggregates
                .flat_map(|aggregate| routed.names.iter().map(move |event| (aggregate, *event)))
        })
    }
}

fn decode<A: Aggregate, M: ReadModel>(
    routes: &[Route<M>],
    source: Arc<RecordedEvent>,
) -> Result<Vec<Change<M>>, DecodeError> {
    let payload = source.payload.as_bytes();
    let decoded = A::Event::decode(&source.event_type, source.schema_version, payload)?;
    let mut changes = Vec::new();
    for event in decoded {
        for route in routes {
            changes.extend(route(&event, &source));
        }
    }
    Ok(changes)
}

impl<M: ReadModel> fmt::Debug for Change<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change").field("key", &self.key).finish()
    }
}

impl<M: ReadModel> fmt::Debug for Routes<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events = self
            .aggregates
            .iter()
            .map(|routed| (&*routed.aggregate_type, &routed.events));
        f.debug_map().entries(events).finish()
    }
}
