//! Commands without their types: what the dispatcher and the interface by name take.

use std::{error::Error, fmt};

use serde_json::value::RawValue;

use crate::{
    model::{
        aggregate::Aggregate,
        command::{Command, Decide, Decision, Refusal},
        command_json::{misfit::Misfit, tree::Node},
        context::Context,
    },
    record::{fingerprint, id::Id},
};

/// What the dispatcher needs of a command besides its decision. Errors, metadata, spans and fingerprints name the command by
/// this, whether it was sent by its type or by its name.
#[derive(Debug)]
pub(crate) struct CommandHead<A> {
    /// [`Command::NAME`].
    pub(crate) name: &'static str,
    /// [`Command::target`].
    pub(crate) target: Id<A>,
    /// [`Decide::ALLOWED`].
    pub(crate) allowed: &'static [&'static str],
    /// [`Decide::ONLY_CREATES`].
    pub(crate) only_creates: bool,
}

impl<A: Aggregate> CommandHead<A> {
    pub(crate) fn of<C: Command<Aggregate = A>>(command: &C) -> Self
    where
        A: Decide<C>,
    {
        Self {
            name: C::NAME,
            target: command.target(),
            allowed: <A as Decide<C>>::ALLOWED,
            only_creates: <A as Decide<C>>::ONLY_CREATES,
        }
    }
}

/// A command to `A` that may be refused with `E`.
///
/// The dispatcher takes it as a trait object. So loading, deciding again, appending and caching are compiled once for an
/// aggregate and an error, and not for every command.
pub(crate) trait Undecided<A: Aggregate, E>: Send + Sync {
    /// Decides as [`Decide::decide`] does, as often as it is asked.
    fn decide(&self, state: Option<&A>, context: &Context) -> Result<Decision<A>, E>;

    /// The command in [canonical](fingerprint::canonical) form, which distinguishes it from another one under the same id.
    fn canonical(&self) -> Result<String, serde_json::Error>;
}

impl<C: Command> Undecided<C::Aggregate, Refusal<C>> for C {
    fn decide(
        &self,
        state: Option<&C::Aggregate>,
        context: &Context,
    ) -> Result<Decision<C::Aggregate>, Refusal<C>> {
        <C::Aggregate as Decide<C>>::decide(state, self.clone(), context)
    }

    fn canonical(&self) -> Result<String, serde_json::Error> {
        fingerprint::canonical(self)
    }
}

/// The domain's refusal of a command that was sent by its name.
///
/// Its text and its causes are those of the domain's error. [`json`](Self::json) has its content, if its type has serde's
/// `Serialize`.
pub struct AnyRefusal {
    error: Box<dyn Error + Send + Sync>,
    json: Option<Box<RawValue>>,
}

impl AnyRefusal {
    fn of<E: Error + Send + Sync + 'static>(
        refusal: E,
        json: fn(&E) -> Option<Box<RawValue>>,
    ) -> Self {
        Self {
            json: json(&refusal),
            error: Box::new(refusal),
        }
    }

    /// The JSON of the domain's error; `None` if its type does not implement `Serialize`.
    pub fn json(&self) -> Option<&RawValue> {
        self.json.as_deref()
    }

    /// The domain's error, if it is an `E`.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.error.downcast_ref()
    }
}

impl fmt::Display for AnyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl fmt::Debug for AnyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for AnyRefusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// A command of `A` that was read from JSON.
pub(crate) trait AnyCommand<A: Aggregate>: Undecided<A, AnyRefusal> {
    fn head(&self) -> CommandHead<A>;
}

/// Reads a command of `A` from JSON.
pub(crate) type ReadCommand<A> = fn(&Node<'_>) -> Result<Box<dyn AnyCommand<A>>, Misfit>;

/// How a kind of command is read from JSON.
pub(crate) const fn reader<C: Command>() -> ReadCommand<C::Aggregate> {
    |json| match C::deserialize(json) {
        Ok(command) => Ok(Box::new(ByName(command))),
        Err(misfit) => Err(misfit),
    }
}

/// A command whose refusal has lost its type.
struct ByName<C>(C);

impl<A: Aggregate + Decide<C>, C: Command<Aggregate = A>> Undecided<A, AnyRefusal> for ByName<C> {
    fn decide(&self, state: Option<&A>, context: &Context) -> Result<Decision<A>, AnyRefusal> {
        match A::decide(state, self.0.clone(), context) {
            Ok(decision) => Ok(decision),
            Err(refusal) => Err(AnyRefusal::of(refusal, A::refusal_json)),
        }
    }

    fn canonical(&self) -> Result<String, serde_json::Error> {
        fingerprint::canonical(&self.0)
    }
}

impl<A: Aggregate + Decide<C>, C: Command<Aggregate = A>> AnyCommand<A> for ByName<C> {
    fn head(&self) -> CommandHead<A> {
        CommandHead::of(&self.0)
    }
}
