//! Which events something hears, and what each comes to.

use std::{
    any::{Any, TypeId, type_name},
    fmt,
    sync::Arc,
};

use crate::{
    model::{
        aggregate::Aggregate,
        event::{AggregateEvent, EventOf},
        kinds::EventKind,
        recorded::Recorded,
        upcast::DecodeError,
    },
    record::{event::RecordedEvent, stream::AggregateType},
};

/// The events that a [`Projection`](crate::Projection) hears, and what it makes of each: a `T`.
pub struct Hears<T> {
    aggregates: Vec<Routed<T>>,
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
    /// The events of it that link it to keys, and those that lead to rows by these.
    pub(crate) links: Vec<&'static str>,
    pub(crate) linked: Vec<&'static str>,
}

/// The events of one aggregate.
struct Routed<T> {
    heard: Heard,
    aggregate_type: AggregateType,
    /// All names of the events, and of the past ones that may be split into them.
    names: Vec<&'static str>,
    events: Vec<&'static str>,
    decode: Decode<T>,
    routes: Vec<Route<T>>,
}

/// Reads an event of an aggregate, and asks its routes.
type Decode<T> = fn(&[Route<T>], Arc<RecordedEvent>) -> Result<Vec<T>, DecodeError>;

/// What is made of one kind of event of an aggregate. It is given `&A::Event`, whose type the aggregate's `decode` knows.
type Route<T> = Box<dyn Fn(&dyn Any, &Arc<RecordedEvent>) -> Vec<T> + Send + Sync>;

impl<T: 'static> Hears<T> {
    pub(crate) const fn nothing() -> Self {
        Self {
            aggregates: Vec::new(),
        }
    }

    /// Hears an event, and makes `item` of it: often the variant of an enum, as in `hears.on(Heard::Opened)`. The type of the event
    /// tells its aggregate. Where two aggregates list one type, name it: `hears.on::<Account, _>(Heard::Opened)`.
    pub fn on<A, E>(&mut self, item: impl Fn(Recorded<E>) -> T + Send + Sync + 'static)
    where
        A: Aggregate,
        E: EventOf<A>,
    {
        self.route::<A, E>(move |event, source| {
            vec![item(Recorded::new(event.clone(), Arc::clone(source)))]
        });
    }

    pub(crate) fn route<A: Aggregate, E: EventOf<A>>(
        &mut self,
        items: impl Fn(&E, &Arc<RecordedEvent>) -> Vec<T> + Send + Sync + 'static,
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
            event.map_or_else(Vec::new, |event| items(event, source))
        }));
    }

    /// The same for what an event does before all else. The event may be listed for that too.
    pub(crate) fn route_first<A: Aggregate, E: EventOf<A>>(
        &mut self,
        items: impl Fn(&E, &Arc<RecordedEvent>) -> Vec<T> + Send + Sync + 'static,
    ) {
        let routed = self.aggregate::<A>();
        let before = routed.events.clone();
        self.route::<A, E>(items);
        let routed = self.aggregate::<A>();
        routed.events = before;
        routed.heard.links.push(E::NAME);
        let first = routed.routes.pop();
        routed.routes.splice(0..0, first);
    }

    /// Notes that an event leads to rows by the link of its aggregate.
    pub(crate) fn needs_link<A: Aggregate, E: EventOf<A>>(&mut self) {
        self.aggregate::<A>().heard.linked.push(E::NAME);
    }

    fn aggregate<A: Aggregate>(&mut self) -> &mut Routed<T> {
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
                    links: Vec::new(),
                    linked: Vec::new(),
                },
                aggregate_type: AggregateType::of::<A>(),
                names: split.iter().flat_map(EventKind::names).collect(),
                events: Vec::new(),
                decode: decode::<A, T>,
                routes: Vec::new(),
            });
            self.aggregates.len() - 1
        });
        &mut self.aggregates[index]
    }

    /// What a stored event comes to, in order.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn items(&self, event: Arc<RecordedEvent>) -> Result<Vec<T>, DecodeError> {
        let mut aggregates = self.aggregates.iter();
        let routed = aggregates.find(|routed| routed.aggregate_type.is(&event.aggregate_type));
        match routed {
            Some(routed) if routed.names.contains(&&*event.event_type) => {
                (routed.decode)(&routed.routes, event)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// What an event of an aggregate comes to, in order, with what is known of it besides.
    pub(crate) fn items_of(
        &self,
        event: &dyn Any,
        source: &Arc<RecordedEvent>,
    ) -> impl Iterator<Item = T> {
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
            for event in routed.events.iter().chain(&routed.heard.links) {
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
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.aggregates.iter().flat_map(|routed| {
            let aggregates = routed.aggregate_type.names();
            aggregates
                .flat_map(|aggregate| routed.names.iter().map(move |event| (aggregate, *event)))
        })
    }
}

fn decode<A: Aggregate, T>(
    routes: &[Route<T>],
    source: Arc<RecordedEvent>,
) -> Result<Vec<T>, DecodeError> {
    let payload = source.payload.as_bytes();
    let decoded = A::Event::decode(&source.event_type, source.schema_version, payload)?;
    let mut items = Vec::new();
    for event in decoded {
        for route in routes {
            items.extend(route(&event, &source));
        }
    }
    Ok(items)
}

impl<T> fmt::Debug for Hears<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events = self
            .aggregates
            .iter()
            .map(|routed| (&*routed.aggregate_type, &routed.events));
        f.debug_map().entries(events).finish()
    }
}
