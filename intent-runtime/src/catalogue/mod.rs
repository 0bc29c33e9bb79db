//! [`Catalogue`]: what is registered, as a value.

mod emits;
mod json;
mod mermaid;
mod shape;

pub use emits::Emits;
pub(crate) use shape::Shape;

use std::{
    any::{TypeId, type_name},
    collections::{HashMap, HashSet},
    fmt, iter,
    marker::PhantomData,
};

use schemars::{Schema, SchemaGenerator};

use crate::{
    Aggregate, AggregateEvent, Command, Decide, DecodeError, EventKind, LogFilter, RegisterError,
};

/// One kind of command, as the catalogue knows it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CommandKind {
    /// [`Command::NAME`].
    pub name: &'static str,
    /// [`Command::DOC`].
    pub doc: &'static str,
    /// [`Decide::ALLOWED`]: the roles that may send it; empty if everybody may.
    pub allowed: &'static [&'static str],
    type_id: TypeId,
    pub(crate) shape: Shape,
    emits: fn() -> Emits,
}

impl CommandKind {
    fn of<C: Command>() -> Self {
        Self {
            name: C::NAME,
            doc: C::DOC,
            allowed: <C::Aggregate as Decide<C>>::ALLOWED,
            type_id: TypeId::of::<C>(),
            shape: Shape::of::<C>(),
            emits: <C::Aggregate as Decide<C>>::emits,
        }
    }

    /// Which events may answer the command.
    pub fn emits(&self) -> Emits {
        (self.emits)()
    }

    /// The JSON Schema of the command, for forms.
    pub fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        self.shape.schema(generator)
    }
}

/// The commands of aggregate `A`, listed for registration.
#[derive(Debug)]
pub struct CommandList<A> {
    kinds: Vec<CommandKind>,
    aggregate: PhantomData<fn() -> A>,
}

impl<A: Aggregate> CommandList<A> {
    /// Adds a command.
    pub fn add<C: Command<Aggregate = A>>(&mut self) {
        self.kinds.push(CommandKind::of::<C>());
    }
}

/// One aggregate, as the catalogue knows it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AggregateKind {
    /// [`Aggregate::TYPE`].
    pub name: &'static str,
    /// [`Aggregate::FORMERLY`].
    pub formerly: &'static [&'static str],
    /// [`Aggregate::DOC`].
    pub doc: &'static str,
    /// Its events, in the order they are listed.
    pub events: Vec<EventKind>,
    /// Past events that are read as others: [`AggregateEvent::split`].
    pub split: Vec<EventKind>,
    /// The names of past events that are read as nothing: [`AggregateEvent::retired`].
    pub retired: &'static [&'static str],
    /// Its commands, in the order they are written.
    pub commands: Vec<CommandKind>,
    /// The version of its state, if snapshots of it are kept: [`Snapshot::version`](crate::Snapshot::version).
    pub snapshot_version: Option<u32>,
    rust_type: &'static str,
    decode: fn(&str, u32) -> Option<DecodeError>,
}

impl AggregateKind {
    /// Whether it is stored under this name, or was.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name == name || self.formerly.contains(&name)
    }

    /// The kind of event, of today or split, that is stored under this name, or was.
    pub(crate) fn event(&self, name: &str) -> Option<&EventKind> {
        let mut kinds = self.events.iter().chain(&self.split);
        kinds.find(|event| event.names().any(|of_event| of_event == name))
    }

    /// Why no event of this stored name and version can be read, if none can.
    pub(crate) fn unreadable(&self, name: &str, version: u32) -> Option<DecodeError> {
        (self.decode)(name, version)
    }
}

/// What the one way of reading says of a stored name and version. Asked with no payload at all, which ends every reading
/// before a step of the user's own runs: an error that is about the payload means that there is a way.
fn unreadable<A: Aggregate>(name: &str, version: u32) -> Option<DecodeError> {
    match A::Event::decode(name, version, b"") {
        Err(
            error @ (DecodeError::UnknownEvent { .. }
            | DecodeError::FutureVersion { .. }
            | DecodeError::NoChain { .. }),
        ) => Some(error),
        _ => None,
    }
}

/// All that is registered with an [`App`](crate::App), in the order of registration, or a list of one's own.
///
/// It tells people and programs what there is: [`to_json`](Self::to_json) with schemas and doc comments,
/// [`to_mermaid`](Self::to_mermaid) as a diagram of who emits what and what that changes.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = intent_runtime::App::connect("memory:").await?.register::<Account>()?;
/// let account = &app.catalogue().aggregates()[0];
/// assert_eq!(account.name, "Account");
/// assert_eq!(account.commands[0].name, "Open");
///
/// let same = intent_runtime::Catalogue::new().with::<Account>()?;
/// assert_eq!(same.to_json(), app.catalogue().to_json());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Catalogue {
    aggregates: Vec<AggregateKind>,
    aggregate_types: HashMap<TypeId, usize>,
    command_types: HashSet<TypeId>,
}

impl Catalogue {
    /// An empty catalogue: what an [`App`](crate::App) has before anything is registered.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same catalogue with one more aggregate, its events, and the commands that `#[commands]` lists.
    ///
    /// # Errors
    /// [`RegisterError`] when a name is taken.
    pub fn with<A: Aggregate>(mut self) -> Result<Self, RegisterError> {
        self.add::<A>()?;
        Ok(self)
    }

    /// The same catalogue with a command that was written by hand, for an aggregate that is in it.
    ///
    /// # Errors
    /// [`RegisterError`] when the aggregate is not in it, or the name is taken.
    pub fn with_command<C: Command>(mut self) -> Result<Self, RegisterError> {
        self.add_command::<C>()?;
        Ok(self)
    }

    /// The aggregates that are registered.
    pub fn aggregates(&self) -> &[AggregateKind] {
        &self.aggregates
    }

    /// Adds an aggregate with its events and commands.
    ///
    /// # Errors
    /// [`RegisterError`] if a name is taken, or two events share one.
    pub(crate) fn add<A: Aggregate>(&mut self) -> Result<(), RegisterError> {
        if self.has_aggregate::<A>() {
            return Err(RegisterError::Twice { aggregate: A::TYPE });
        }
        for name in iter::once(A::TYPE).chain(A::FORMERLY.iter().copied()) {
            if let Some(taken) = self.aggregates.iter().find(|kind| kind.is_named(name)) {
                return Err(RegisterError::AggregateName {
                    name,
                    first: taken.rust_type,
                    second: type_name::<A>(),
                });
            }
        }
        let (events, split, retired) = (A::Event::kinds(), A::Event::split(), A::Event::retired());
        let mut names = HashSet::new();
        let read = events.iter().chain(&split).flat_map(EventKind::names);
        for name in read.chain(retired.iter().copied()) {
            if !names.insert(name) {
                let aggregate = A::TYPE;
                return Err(RegisterError::EventName { aggregate, name });
            }
        }
        let mut list = CommandList::<A> {
            kinds: Vec::new(),
            aggregate: PhantomData,
        };
        A::commands(&mut list);
        for (index, command) in list.kinds.iter().enumerate() {
            check_command::<A>(&list.kinds[..index], *command)?;
        }
        for command in &list.kinds {
            self.command_types.insert(command.type_id);
        }
        self.aggregate_types
            .insert(TypeId::of::<A>(), self.aggregates.len());
        self.aggregates.push(AggregateKind {
            name: A::TYPE,
            formerly: A::FORMERLY,
            doc: A::DOC,
            events,
            split,
            retired,
            commands: list.kinds,
            snapshot_version: A::snapshots().map(|snapshots| snapshots.version()),
            rust_type: type_name::<A>(),
            decode: unreadable::<A>,
        });
        Ok(())
    }

    /// Adds a command that was written by hand to its aggregate.
    ///
    /// # Errors
    /// [`RegisterError`] if the aggregate is not registered, or the name is taken.
    pub(crate) fn add_command<C: Command>(&mut self) -> Result<(), RegisterError> {
        let kind = CommandKind::of::<C>();
        let aggregate = C::Aggregate::TYPE;
        let Some(&index) = self.aggregate_types.get(&TypeId::of::<C::Aggregate>()) else {
            return Err(RegisterError::CommandBeforeAggregate {
                command: C::NAME,
                aggregate,
            });
        };
        check_command::<C::Aggregate>(&self.aggregates[index].commands, kind)?;
        self.command_types.insert(kind.type_id);
        self.aggregates[index].commands.push(kind);
        Ok(())
    }

    /// The filter that also finds the past events which become those it names.
    pub(crate) fn complete(&self, filter: LogFilter) -> LogFilter {
        let splitting = self.aggregates.iter().filter(|aggregate| {
            let mut events = aggregate.events.iter();
            events.any(|event| filter.names(event))
        });
        let sources: Vec<&str> = splitting
            .flat_map(|aggregate| aggregate.split.iter().flat_map(EventKind::names))
            .collect();
        sources.into_iter().fold(filter, LogFilter::event_type)
    }

    pub(crate) fn has_aggregate<A: Aggregate>(&self) -> bool {
        self.aggregate_types.contains_key(&TypeId::of::<A>())
    }

    pub(crate) fn has_command<C: Command>(&self) -> bool {
        self.command_types.contains(&TypeId::of::<C>())
    }

    /// The call that registers a command: `#[commands]` lists it with its aggregate, unless that is registered already.
    pub(crate) fn missing_for<C: Command>(&self) -> String {
        if self.has_aggregate::<C::Aggregate>() {
            return format!("command::<{}>()", short_name::<C>());
        }
        register::<C::Aggregate>()
    }
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut catalogue = f.debug_struct("Catalogue");
        for AggregateKind {
            name,
            events,
            commands,
            ..
        } in &self.aggregates
        {
            let (events, commands) = (events.len(), commands.len());
            let counts = format_args!("{{ events: {events}, commands: {commands} }}");
            catalogue.field(name, &counts);
        }
        catalogue.finish()
    }
}

/// The call that registers an aggregate.
pub(crate) fn register<A: Aggregate>() -> String {
    format!("register::<{}>()", short_name::<A>())
}

/// A type as it is written where it is imported: without the path before it, with its generic arguments.
fn short_name<T>() -> &'static str {
    let name = type_name::<T>();
    let path = name.find('<').map_or(name, |generics| &name[..generics]);
    path.rfind("::").map_or(name, |at| &name[at + 2..])
}

fn check_command<A: Aggregate>(
    known: &[CommandKind],
    command: CommandKind,
) -> Result<(), RegisterError> {
    if known.iter().any(|known| known.name == command.name) {
        return Err(RegisterError::CommandName {
            aggregate: A::TYPE,
            name: command.name,
        });
    }
    Ok(())
}
