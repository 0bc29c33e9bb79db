//! The entries of the catalogue: aggregates, events and commands as values.

use std::{
    any::{Any, TypeId},
    marker::PhantomData,
};

use schemars::{Schema, SchemaGenerator};

use crate::{
    model::{
        aggregate::Aggregate,
        any_command::reader,
        command::{Command, Decide},
        emits::Emits,
        event::{AggregateEvent, Event},
        upcast::{DecodeError, KeyChange},
    },
    record::shape::Shape,
};

/// One kind of event, as the catalogue knows it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EventKind {
    /// [`Event::NAME`].
    pub name: &'static str,
    /// [`Event::FORMERLY`].
    pub formerly: &'static [&'static str],
    /// [`Event::VERSION`]; this one and all before it are read.
    pub version: u32,
    /// [`Event::READABLE_BY`].
    pub readable_by: Option<u32>,
    /// [`Event::DOC`].
    pub doc: &'static str,
    /// Whether it creates the aggregate.
    pub creates: bool,
    /// The fields of the aggregate that it changes; `None` if a function of the user's changes them.
    pub changes: Option<&'static [&'static str]>,
    pub(crate) type_id: TypeId,
    pub(crate) shape: Shape,
    /// [`Event::STEPS`].
    pub steps: &'static [KeyChange],
    predecessors: fn() -> Vec<EventKind>,
}

impl EventKind {
    /// The kind of event `E`.
    pub const fn of<E: Event>() -> Self {
        Self {
            name: E::NAME,
            formerly: E::FORMERLY,
            version: E::VERSION,
            readable_by: E::READABLE_BY,
            doc: E::DOC,
            creates: false,
            changes: None,
            type_id: TypeId::of::<E>(),
            shape: Shape::of::<E>(),
            steps: E::STEPS,
            predecessors: E::predecessors,
        }
    }

    /// The names it is read under: its own and its former ones.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.formerly.iter().copied())
    }

    /// Marks it as creating the aggregate.
    #[must_use]
    pub const fn creating(mut self) -> Self {
        self.creates = true;
        self
    }

    /// Says that it changes these fields of the aggregate and no others.
    #[must_use]
    pub const fn changing(mut self, fields: &'static [&'static str]) -> Self {
        self.changes = Some(fields);
        self
    }

    /// [`Event::predecessors`].
    pub fn predecessors(&self) -> Vec<Self> {
        (self.predecessors)()
    }

    /// The JSON Schema of its current payload.
    pub fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        self.shape.schema(generator)
    }
}

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
    pub(crate) type_id: TypeId,
    pub(crate) shape: Shape,
    /// A [`ReadCommand`](crate::model::any_command::ReadCommand) of its aggregate.
    pub(crate) reader: &'static (dyn Any + Send + Sync),
    emits: fn() -> Emits,
}

impl CommandKind {
    pub(crate) const fn of<C: Command>() -> Self {
        Self {
            name: C::NAME,
            doc: C::DOC,
            allowed: <C::Aggregate as Decide<C>>::ALLOWED,
            type_id: TypeId::of::<C>(),
            shape: Shape::of::<C>(),
            reader: const { &reader::<C>() },
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
    pub(crate) kinds: Vec<CommandKind>,
    pub(crate) aggregate: PhantomData<fn() -> A>,
}

impl<A: Aggregate> CommandList<A> {
    /// Adds a command.
    pub fn add<C: Command<Aggregate = A>>(&mut self) {
        self.kinds.push(const { CommandKind::of::<C>() });
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
    pub(crate) rust_type: &'static str,
    pub(crate) decode: fn(&str, u32) -> Option<DecodeError>,
}

impl AggregateKind {
    /// Whether this is its stored name or a former one.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name == name || self.formerly.contains(&name)
    }

    /// The event, of today or split, with this stored or former name.
    pub fn event(&self, name: &str) -> Option<&EventKind> {
        let mut kinds = self.events.iter().chain(&self.split);
        kinds.find(|event| event.names().any(|of_event| of_event == name))
    }

    /// Why events of this stored name and schema version cannot be read; `None` if they can.
    pub fn unreadable(&self, name: &str, version: u32) -> Option<DecodeError> {
        (self.decode)(name, version)
    }
}

/// Asks the decode path about a stored name and version, with an empty payload. Decoding then ends before any step of the user
/// runs. So an error about the payload means that the name and version can be read.
pub(crate) fn unreadable<A: Aggregate>(name: &str, version: u32) -> Option<DecodeError> {
    match A::Event::decode(name, version, b"") {
        Err(
            error @ (DecodeError::UnknownEvent { .. }
            | DecodeError::FutureVersion { .. }
            | DecodeError::NoChain { .. }),
        ) => Some(error),
        _ => None,
    }
}
