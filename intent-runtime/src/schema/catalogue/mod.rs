//! [`Catalogue`]: a domain as a value.

mod json;
pub(crate) mod mistake;

use crate::model::{
    aggregate::Aggregate,
    command::Command,
    event::AggregateEvent,
    kinds::{EventKind, unreadable},
    read_model::ReadModel,
};
pub use crate::model::{
    emits::Emits,
    kinds::{AggregateKind, CommandKind, CommandList},
    read_model::kind::ReadModelKind,
};
pub use mistake::{DomainError, DomainMistake};

use std::{
    any::{TypeId, type_name},
    collections::{HashMap, HashSet},
    fmt, iter,
    marker::PhantomData,
};

/// What a [`Domain`](crate::Domain) consists of, in the order in which it was put together.
///
/// [`to_json`](Self::to_json) gives it to programs, with schemas and doc comments. The example `diagram` draws it for people.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::prelude::*;
///
/// let domain = Domain::of::<Account>();
/// let account = &domain.catalogue().aggregates()[0];
/// assert_eq!(account.name, "Account");
/// assert_eq!(account.commands[0].name, "Open");
/// ```
#[derive(Clone, Default)]
pub struct Catalogue {
    aggregates: Vec<AggregateKind>,
    aggregate_types: HashMap<TypeId, usize>,
    command_types: HashSet<TypeId>,
    read_models: Vec<ReadModelKind>,
}

impl Catalogue {
    /// The aggregates of the domain.
    pub fn aggregates(&self) -> &[AggregateKind] {
        &self.aggregates
    }

    /// The read models of the domain.
    pub fn read_models(&self) -> &[ReadModelKind] {
        &self.read_models
    }

    pub(crate) fn add_read_model<M: ReadModel>(&mut self) {
        self.read_models.push(ReadModelKind::of::<M>());
    }

    /// Adds an aggregate with its events and commands.
    ///
    /// # Errors
    /// [`DomainMistake`] if a name is taken, or two events share one.
    pub(crate) fn add<A: Aggregate>(&mut self) -> Result<(), DomainMistake> {
        if self.has_aggregate::<A>() {
            return Err(DomainMistake::Twice { aggregate: A::TYPE });
        }
        for name in iter::once(A::TYPE).chain(A::FORMERLY.iter().copied()) {
            if let Some(taken) = self.aggregates.iter().find(|kind| kind.is_named(name)) {
                return Err(DomainMistake::AggregateName {
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
                return Err(DomainMistake::EventName { aggregate, name });
            }
        }
        let mut list = CommandList::<A> {
            kinds: Vec::new(),
            aggregate: PhantomData,
        };
        A::commands(&mut list);
        for (index, command) in list.kinds.iter().enumerate() {
            check_command(A::TYPE, &list.kinds[..index], *command)?;
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

    /// Adds a command that was written by hand to its aggregate, which is in the catalogue.
    ///
    /// # Errors
    /// [`DomainMistake`] if the aggregate is missing, or the name is taken.
    pub(crate) fn add_command(&mut self, command: HandWritten) -> Result<(), DomainMistake> {
        let kind = command.kind;
        let Some(&index) = self.aggregate_types.get(&command.aggregate_type) else {
            return Err(DomainMistake::CommandWithoutAggregate {
                command: kind.name,
                aggregate: command.aggregate,
                missing: (command.missing)(),
            });
        };
        let aggregate = &mut self.aggregates[index];
        check_command(aggregate.name, &aggregate.commands, kind)?;
        self.command_types.insert(kind.type_id);
        aggregate.commands.push(kind);
        Ok(())
    }

    pub(crate) fn has_aggregate<A: Aggregate>(&self) -> bool {
        self.has(TypeId::of::<A>())
    }

    /// Whether it has the aggregate of this type.
    pub(crate) fn has(&self, aggregate: TypeId) -> bool {
        self.aggregate_types.contains_key(&aggregate)
    }

    pub(crate) fn has_command<C: Command>(&self) -> bool {
        self.command_types.contains(&TypeId::of::<C>())
    }

    /// The call that adds a command to a domain: `#[commands]` lists it with its aggregate, unless that is there already.
    pub(crate) fn missing_for<C: Command>(&self) -> String {
        if self.has_aggregate::<C::Aggregate>() {
            return format!("command::<{}>()", short_name::<C>());
        }
        aggregate_call::<C::Aggregate>()
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
        for ReadModelKind { table, columns, .. } in &self.read_models {
            let columns = columns.len();
            catalogue.field(table, &format_args!("{{ columns: {columns} }}"));
        }
        catalogue.finish()
    }
}

/// A command that no `#[commands]` block lists, to be added to its aggregate.
#[derive(Clone, Copy)]
pub(crate) struct HandWritten {
    kind: CommandKind,
    aggregate: &'static str,
    aggregate_type: TypeId,
    missing: fn() -> String,
}

impl HandWritten {
    pub(crate) fn of<C: Command>() -> Self {
        Self {
            kind: CommandKind::of::<C>(),
            aggregate: C::Aggregate::TYPE,
            aggregate_type: TypeId::of::<C::Aggregate>(),
            missing: aggregate_call::<C::Aggregate>,
        }
    }
}

/// The call that adds an aggregate to a domain.
pub(crate) fn aggregate_call<A: Aggregate>() -> String {
    aggregate_call_of(type_name::<A>())
}

/// The same, by the full name of its type.
pub(crate) fn aggregate_call_of(type_name: &'static str) -> String {
    format!("aggregate::<{}>()", short(type_name))
}

/// The name of a type with its generic arguments, without the path.
fn short_name<T>() -> &'static str {
    short(type_name::<T>())
}

fn short(name: &'static str) -> &'static str {
    let path = name.find('<').map_or(name, |generics| &name[..generics]);
    path.rfind("::").map_or(name, |at| &name[at + 2..])
}

fn check_command(
    aggregate: &'static str,
    known: &[CommandKind],
    command: CommandKind,
) -> Result<(), DomainMistake> {
    if known.iter().any(|known| known.name == command.name) {
        return Err(DomainMistake::CommandName {
            aggregate,
            name: command.name,
        });
    }
    Ok(())
}
