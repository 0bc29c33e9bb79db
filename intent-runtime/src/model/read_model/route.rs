//! Which events change which rows.

use std::{fmt, sync::Arc};

use crate::{
    model::{
        aggregate::Aggregate,
        emitted::Emitted,
        event::EventOf,
        hears::Hears,
        overflow::Overflow,
        read_model::{ReadModel, key::IntoKeys},
        recorded::Recorded,
        upcast::DecodeError,
    },
    record::{event::RecordedEvent, id::Id},
};

/// Changes a row: `None` is a row that does not exist. An effect that fails may have changed the row in part, so the row is dropped.
pub type Effect<M> = Box<dyn FnOnce(&mut Option<M>) -> Result<(), Overflow> + Send + Sync>;

/// What an event of a kind does to a row with this key: see [`Effect`].
pub type EffectOf<M, E> =
    fn(&mut Option<M>, <M as ReadModel>::Key, &Recorded<E>) -> Result<(), Overflow>;

/// The same for an inline model.
pub type InlineEffectOf<M, E> =
    fn(&mut Option<M>, <M as ReadModel>::Key, &Emitted<E>) -> Result<(), Overflow>;

/// What an event does.
pub enum Change<M: ReadModel> {
    /// It has an effect on one row.
    Row {
        /// The key of the row.
        key: M::Key,
        /// Its effect on the row.
        effect: Effect<M>,
    },
    /// It links its aggregate to these keys from now on.
    Link(Vec<M::Key>),
    /// It has an effect on each row whose key its aggregate is linked to.
    Linked(EffectOn<M>),
}

/// The effect on the row of a key.
pub type EffectOn<M> = Box<dyn Fn(<M as ReadModel>::Key) -> Effect<M> + Send + Sync>;

/// The events that change a read model. [`ReadModel::routes`] fills it.
pub struct Routes<M: ReadModel>(pub(crate) Hears<Change<M>>);

impl<M: ReadModel> Routes<M> {
    /// Those of `M`.
    #[doc(hidden)]
    pub fn of_model() -> Self {
        let mut routes = Self(Hears::nothing());
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
        self.0.route::<A, E>(move |event, source| {
            let event = Arc::new(Recorded::new(event.clone(), Arc::clone(source)));
            let keys = by(&event).into_keys();
            keys.map(|key| {
                let (event, of) = (Arc::clone(&event), key.clone());
                Change::Row {
                    key,
                    effect: Box::new(move |row| effect(row, of, &event)),
                }
            })
            .collect()
        });
    }

    /// An event links its aggregate to the keys that `by` gives.
    pub fn link<A, E, K>(&mut self, by: fn(&Recorded<E>) -> K)
    where
        A: Aggregate,
        E: EventOf<A>,
        K: IntoKeys<M::Key> + 'static,
    {
        self.0.route_first::<A, E>(move |event, source| {
            let event = Recorded::new(event.clone(), Arc::clone(source));
            vec![Change::Link(by(&event).into_keys().collect())]
        });
    }

    /// An event changes the rows whose keys its aggregate is linked to.
    pub fn on_linked<A, E>(&mut self, effect: EffectOf<M, E>)
    where
        A: Aggregate,
        E: EventOf<A>,
    {
        self.0.route::<A, E>(move |event, source| {
            let event = Arc::new(Recorded::new(event.clone(), Arc::clone(source)));
            vec![Change::Linked(Box::new(move |key| {
                let event = Arc::clone(&event);
                Box::new(move |row| effect(row, key, &event))
            }))]
        });
        self.0.needs_link::<A, E>();
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
        self.0.route::<A, E>(move |event, source| {
            let key = source.aggregate_id.typed();
            let event = Emitted::new(event.clone(), Arc::clone(source));
            let effect: Effect<M> = Box::new(move |row| effect(row, key, &event));
            vec![Change::Row { key, effect }]
        });
    }

    /// What a stored event changes, in order.
    ///
    /// # Errors
    /// If it cannot be read.
    #[doc(hidden)]
    pub fn changes(&self, event: Arc<RecordedEvent>) -> Result<Vec<Change<M>>, DecodeError> {
        self.0.items(event)
    }

    /// The stored names of the events, each with that of its aggregate.
    #[doc(hidden)]
    pub fn names(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.0.names()
    }
}

impl<M: ReadModel> fmt::Debug for Change<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row { key, .. } => f
                .debug_struct("Row")
                .field("key", key)
                .finish_non_exhaustive(),
            Self::Link(keys) => f.debug_tuple("Link").field(keys).finish(),
            Self::Linked(_) => f.write_str("Linked"),
        }
    }
}

impl<M: ReadModel> fmt::Debug for Routes<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
