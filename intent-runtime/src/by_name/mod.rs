//! Commands, loads and histories by name, with JSON: for consoles, command lines, processes and programs in other languages.

pub(crate) mod error;
pub(crate) mod history;
pub(crate) mod outcome;
pub(crate) mod state_view;

use std::pin::Pin;

use tracing::Instrument as _;

use crate::{
    by_name::{
        error::{ByNameError, Named},
        outcome::{EventJson, Sent, Tried},
        state_view::StateView,
    },
    dispatch::{
        actor::{Actor, options_for},
        as_of::AsOf,
        attempt::Sending,
        cache::AggregateCache,
        error::LoadError,
        inline::InlineModels,
        load,
        options::SendOptions,
    },
    model::{
        aggregate::Aggregate,
        any_command::{AnyCommand, ReadCommand},
        command_json::{misfit::Misfit, tree::Node},
        kinds::{AggregateKind, CommandKind},
    },
    record::{
        event::RecordedEvent,
        id::{AggregateId, TenantId},
        stream::{AggregateType, StreamId},
        timestamp::Timestamp,
    },
    schema::{catalogue::Catalogue, nearest::nearest},
    store::port::Store,
    telemetry,
};

type ByNameFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, ByNameError>> + Send + 'a>>;

/// What a domain's aggregates can do for those who know only their names, in the order of the catalogue.
#[derive(Clone, Default)]
pub(crate) struct ByName(Vec<&'static AnyAggregate>);

/// Where it is done.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) cache: &'a AggregateCache,
    pub(crate) tenant: TenantId,
    pub(crate) now: Timestamp,
    pub(crate) inline: &'a InlineModels,
}

/// A command in JSON.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    kind: &'a CommandKind,
    json: &'a str,
}

impl ByName {
    pub(crate) fn add<A: Aggregate>(&mut self) {
        self.0.push(const { &AnyAggregate::of::<A>() });
    }

    /// The aggregate of a name, today's or a former one.
    ///
    /// # Errors
    /// [`ByNameError::Unknown`] with the nearest name.
    pub(crate) fn aggregate<'a>(
        &self,
        catalogue: &'a Catalogue,
        name: &str,
    ) -> Result<(&'static AnyAggregate, &'a AggregateKind), ByNameError> {
        let kinds = catalogue.aggregates().iter();
        let mut pairs = self.0.iter().copied().zip(kinds.clone());
        let found = pairs.find(|(_, kind)| kind.is_named(name));
        found.ok_or_else(|| unknown(Named::Aggregate, name, kinds.map(|kind| kind.name)))
    }
}

impl<'a> Asked<'a> {
    /// A command of an aggregate by its name, with its fields.
    ///
    /// # Errors
    /// [`ByNameError::Unknown`] with the nearest name.
    pub(crate) fn of(
        aggregate: &'a AggregateKind,
        command: &str,
        json: &'a str,
    ) -> Result<Self, ByNameError> {
        let mut kinds = aggregate.commands.iter();
        let names = kinds.clone().map(|kind| kind.name);
        let what = Named::AggregateCommand(aggregate.name);
        let kind = kinds.find(|kind| kind.name == command);
        let kind = kind.ok_or_else(|| unknown(what, command, names))?;
        Ok(Self { kind, json })
    }

    fn read<A: Aggregate>(self) -> Result<Box<dyn AnyCommand<A>>, ByNameError> {
        let Self { kind, json } = self;
        let reader = kind.reader.downcast_ref::<ReadCommand<A>>();
        // Without a reader, it is a command of another aggregate.
        let what = Named::AggregateCommand(A::TYPE);
        let reader = reader.ok_or_else(|| unknown(what, kind.name, []))?;
        let invalid = |misfit: Misfit| {
            let (path, source) = misfit.into_parts(json);
            ByNameError::InvalidJson {
                aggregate: A::TYPE,
                command: kind.name,
                path,
                source,
            }
        };
        let (node, end) = Node::parse(json).map_err(invalid)?;
        let command = reader(&node).map_err(invalid)?;
        end.map_err(invalid)?;
        Ok(command)
    }
}

fn unknown(what: Named, name: &str, known: impl IntoIterator<Item = &'static str>) -> ByNameError {
    ByNameError::Unknown {
        what,
        name: name.to_owned(),
        nearest: nearest(name, known),
    }
}

/// What can be done with an aggregate without its type. The asynchronous functions are compiled once for each aggregate, not once for
/// each command.
pub(crate) struct AnyAggregate {
    aggregate_type: fn() -> AggregateType,
    pub(crate) send:
        for<'a> fn(Place<'a>, Asked<'a>, SendOptions, Option<&'a Actor>) -> ByNameFuture<'a, Sent>,
    pub(crate) decide: for<'a> fn(Place<'a>, Asked<'a>, AsOf) -> ByNameFuture<'a, Tried>,
    pub(crate) load: for<'a> fn(Place<'a>, AggregateId, AsOf) -> ByNameFuture<'a, StateView>,
    /// What a stored event is read as today.
    today: fn(&RecordedEvent) -> Result<Vec<EventJson>, LoadError>,
}

impl AnyAggregate {
    const fn of<A: Aggregate>() -> Self {
        Self {
            aggregate_type: AggregateType::of::<A>,
            send: |place, asked, options, actor| Box::pin(send::<A>(place, asked, options, actor)),
            decide: |place, asked, as_of| Box::pin(decide::<A>(place, asked, as_of)),
            load: |place, id, as_of| Box::pin(load::<A>(place, id, as_of)),
            today: |stored| {
                let events = stored.typed::<A>()?.into_iter();
                Ok(events.map(|event| EventJson::of(&event)).collect())
            },
        }
    }
}

/// Sends a command, for an actor if there is one.
async fn send<A: Aggregate>(
    place: Place<'_>,
    asked: Asked<'_>,
    options: SendOptions,
    actor: Option<&Actor>,
) -> Result<Sent, ByNameError> {
    let command = asked.read::<A>()?;
    let head = command.head();
    let options = options_for(actor, &head, options)?;
    let span = telemetry::send(head.name, head.target);
    let options = options.at(place.now);
    let sending = Sending::new(place.store, place.tenant, head, &*command, options)?;
    let sending = sending.carrying(place.inline.of::<A>());
    let receipt = sending.send(place.cache).instrument(span).await?;
    Ok(Sent::of(receipt))
}

/// Decides a command, and stores nothing.
async fn decide<A: Aggregate>(
    place: Place<'_>,
    asked: Asked<'_>,
    as_of: AsOf,
) -> Result<Tried, ByNameError> {
    let command = asked.read::<A>()?;
    let head = command.head();
    let (id, tenant) = (head.target, place.tenant);
    let stream = StreamId::of(tenant, id);
    let folded = load::fold_as_of::<A>(place.store, &stream, as_of).await?;
    let view = |state: &A, version| StateView::of(id, version, state);
    let version = folded.version;
    let before = folded.state.as_ref().map(|state| view(state, version));
    let options = SendOptions::new().at(place.now);
    let sending = Sending::new(place.store, tenant, head, &*command, options);
    let decided = sending.and_then(|sending| sending.dry_run(folded));
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
}

async fn load<A: Aggregate>(
    place: Place<'_>,
    id: AggregateId,
    as_of: AsOf,
) -> Result<StateView, ByNameError> {
    let stream = StreamId::of(place.tenant, id.typed::<A>());
    let loaded = load::load_as_of::<A>(place.store, stream, as_of).await?;
    Ok(StateView::of(loaded.id(), loaded.version(), loaded.state()))
}
