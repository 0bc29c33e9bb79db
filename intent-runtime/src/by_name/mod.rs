//! Commands, loads and histories by name, with JSON: for consoles, command lines, processes and programs in other languages.

pub(crate) mod error;
pub(crate) mod history;
pub(crate) mod outcome;
mod path;
pub(crate) mod state_view;

use std::{fmt, marker::PhantomData, pin::Pin};

use tracing::Instrument as _;

use crate::{
    by_name::{
        error::{ByNameError, Named},
        history::HistoryPage,
        outcome::{EventJson, Sent, Tried},
        path::path_of,
        state_view::StateView,
    },
    dispatch::{
        self, actor::Actor, as_of::AsOf, cache::AggregateCache, error::LoadError, load,
        options::SendOptions,
    },
    model::{
        aggregate::Aggregate,
        any_command::{AnyCommand, CommandReader},
        kinds::{AggregateKind, CommandKind},
    },
    record::{
        event::RecordedEvent,
        id::{AggregateId, TenantId},
        stream::{AggregateType, StreamId},
        timestamp::Timestamp,
        version::Version,
    },
    schema::{catalogue::Catalogue, nearest::nearest},
    store::port::Store,
    telemetry,
};

type ByNameFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, ByNameError>> + Send + 'a>>;

/// What a domain's aggregates can do for those who know only their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByName(Vec<&'static dyn AnyAggregate>);

/// Where it is done.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) cache: &'a AggregateCache,
    pub(crate) tenant: TenantId,
    pub(crate) now: Timestamp,
}

/// An aggregate that was found by its name.
pub(crate) struct Found<'a> {
    kind: &'a AggregateKind,
    any: &'static dyn AnyAggregate,
}

impl ByName {
    pub(crate) fn add<A: Aggregate>(&mut self) {
        self.0.push(const { &Of::<A>(PhantomData) });
    }

    /// The aggregate of a name, today's or a former one.
    ///
    /// # Errors
    /// [`ByNameError::Unknown`] with the nearest name.
    pub(crate) fn find<'a>(
        &self,
        catalogue: &'a Catalogue,
        name: &str,
    ) -> Result<Found<'a>, ByNameError> {
        let kinds = catalogue.aggregates();
        let kind = kinds.iter().find(|kind| kind.is_named(name));
        let found = kind.and_then(|kind| {
            let any = *self.0.iter().find(|any| any.name() == kind.name)?;
            Some(Found { kind, any })
        });
        found.ok_or_else(|| ByNameError::Unknown {
            what: Named::Aggregate,
            name: name.to_owned(),
            nearest: nearest(name, kinds.iter().map(|kind| kind.name)),
        })
    }
}

impl Found<'_> {
    /// Sends a command, for an actor if there is one.
    pub(crate) async fn send(
        &self,
        place: Place<'_>,
        command: &str,
        json: &str,
        options: SendOptions,
        actor: Option<&Actor>,
    ) -> Result<Sent, ByNameError> {
        let command = self.command(command)?;
        self.any.send(place, command, json, options, actor).await
    }

    /// Decides a command, and stores nothing.
    pub(crate) async fn decide(
        &self,
        place: Place<'_>,
        command: &str,
        json: &str,
        as_of: AsOf,
    ) -> Result<Tried, ByNameError> {
        let command = self.command(command)?;
        self.any.decide(place, command, json, as_of).await
    }

    pub(crate) async fn load(
        &self,
        place: Place<'_>,
        id: AggregateId,
        as_of: AsOf,
    ) -> Result<StateView, ByNameError> {
        self.any.load(place, id, as_of).await
    }

    pub(crate) async fn history(
        &self,
        place: Place<'_>,
        id: AggregateId,
        after: Version,
        limit: usize,
    ) -> Result<HistoryPage, ByNameError> {
        let stream = StreamId {
            tenant_id: place.tenant,
            aggregate_type: self.any.aggregate_type(),
            aggregate_id: id,
        };
        let page = history::page(place.store, self.any, stream, after, limit).await;
        page.map_err(ByNameError::Load)
    }

    fn command(&self, name: &str) -> Result<&CommandKind, ByNameError> {
        let kinds = &self.kind.commands;
        let kind = kinds.iter().find(|kind| kind.name == name);
        kind.ok_or_else(|| ByNameError::Unknown {
            what: Named::AggregateCommand(self.kind.name),
            name: name.to_owned(),
            nearest: nearest(name, kinds.iter().map(|kind| kind.name)),
        })
    }
}

/// An aggregate without its type. Its asynchronous functions are compiled once for each aggregate, not once for each command.
pub(crate) trait AnyAggregate: fmt::Debug + Send + Sync {
    fn name(&self) -> &'static str;

    fn aggregate_type(&self) -> AggregateType;

    fn send<'a>(
        &'a self,
        place: Place<'a>,
        command: &'a CommandKind,
        json: &'a str,
        options: SendOptions,
        actor: Option<&'a Actor>,
    ) -> ByNameFuture<'a, Sent>;

    fn decide<'a>(
        &'a self,
        place: Place<'a>,
        command: &'a CommandKind,
        json: &'a str,
        as_of: AsOf,
    ) -> ByNameFuture<'a, Tried>;

    fn load<'a>(
        &'a self,
        place: Place<'a>,
        id: AggregateId,
        as_of: AsOf,
    ) -> ByNameFuture<'a, StateView>;

    /// What a stored event is read as today.
    fn today(&self, stored: RecordedEvent) -> Result<Vec<EventJson>, LoadError>;
}

struct Of<A>(PhantomData<fn() -> A>);

impl<A: Aggregate> fmt::Debug for Of<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(A::TYPE)
    }
}

impl<A: Aggregate> AnyAggregate for Of<A> {
    fn name(&self) -> &'static str {
        A::TYPE
    }

    fn aggregate_type(&self) -> AggregateType {
        AggregateType::of::<A>()
    }

    fn send<'a>(
        &'a self,
        place: Place<'a>,
        command: &'a CommandKind,
        json: &'a str,
        options: SendOptions,
        actor: Option<&'a Actor>,
    ) -> ByNameFuture<'a, Sent> {
        Box::pin(async move {
            let command = read::<A>(command, json)?;
            let head = command.head();
            let options = match actor {
                Some(actor) => {
                    let role = actor.role_for(&head).map_err(ByNameError::Send)?;
                    options.of_actor(actor.name(), role)
                }
                None => options,
            };
            let span = telemetry::send(head.name, head.target);
            let options = options.at(place.now);
            let Place {
                store,
                cache,
                tenant,
                ..
            } = place;
            let sent = dispatch::send(store, cache, tenant, head, &*command, options);
            let receipt = sent.instrument(span).await.map_err(ByNameError::Send)?;
            Ok(Sent::of(receipt))
        })
    }

    fn decide<'a>(
        &'a self,
        place: Place<'a>,
        command: &'a CommandKind,
        json: &'a str,
        as_of: AsOf,
    ) -> ByNameFuture<'a, Tried> {
        Box::pin(async move {
            let command = read::<A>(command, json)?;
            let head = command.head();
            let (id, tenant) = (head.target, place.tenant);
            let stream = StreamId::of(tenant, id);
            let folded = load::fold_as_of::<A>(place.store, &stream, as_of).await;
            let folded = folded.map_err(ByNameError::Load)?;
            let view = |state: &A, version| StateView::of(id, version, state);
            let version = folded.version;
            let before = folded.state.as_ref().map(|state| view(state, version));
            let options = SendOptions::new().at(place.now);
            let decided = dispatch::dry_run(place.store, tenant, head, &*command, options, folded);
            Ok(Tried {
                aggregate: A::TYPE,
                id: id.into(),
                version,
                outcome: decided.map(|(events, after)| outcome::Proposed {
                    events: events.iter().map(EventJson::of).collect(),
                    after: after.and_then(|after| Some(view(&after.state?, after.version))),
                }),
                before,
            })
        })
    }

    fn load<'a>(
        &'a self,
        place: Place<'a>,
        id: AggregateId,
        as_of: AsOf,
    ) -> ByNameFuture<'a, StateView> {
        Box::pin(async move {
            let stream = StreamId::of(place.tenant, id.typed::<A>());
            let loaded = load::load_as_of::<A>(place.store, stream, as_of).await;
            let loaded = loaded.map_err(ByNameError::Load)?;
            Ok(StateView::of(loaded.id(), loaded.version(), loaded.state()))
        })
    }

    fn today(&self, stored: RecordedEvent) -> Result<Vec<EventJson>, LoadError> {
        let events = stored.decode::<A>()?;
        let events = events.into_iter();
        Ok(events
            .map(|recorded| EventJson::of(&recorded.event))
            .collect())
    }
}

/// Reads a command of `A` from JSON.
fn read<A: Aggregate>(
    kind: &CommandKind,
    json: &str,
) -> Result<Box<dyn AnyCommand<A>>, ByNameError> {
    let Some(reader) = kind.reader.downcast_ref::<CommandReader<A>>() else {
        // A command of another aggregate.
        return Err(ByNameError::Unknown {
            what: Named::AggregateCommand(A::TYPE),
            name: kind.name.to_owned(),
            nearest: None,
        });
    };
    (reader.read)(json).map_err(|source| ByNameError::Command {
        aggregate: A::TYPE,
        command: kind.name,
        path: path_of(&source, json),
        source,
    })
}
