//! [`CommandHead`] and [`Undecided`]: a command as the dispatcher takes it, without its type.

use std::fmt;

use crate::{
    model::{
        aggregate::Aggregate,
        command::{Command, Decide, Decision, Refusal},
        context::Context,
    },
    record::{fingerprint::fingerprint, id::Id},
};

/// What the dispatcher says and asks of a command besides its decision: errors, metadata, spans and fingerprints name it by
/// this, however the command came.
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

impl<A> fmt::Debug for CommandHead<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandHead")
            .field("name", &self.name)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// A command to `A` that may be refused with `E`.
///
/// The dispatcher takes it as a trait object, so that loading, deciding again, appending and caching are compiled once for an
/// aggregate and an error, and not for every command.
pub(crate) trait Undecided<A: Aggregate, E>: Send + Sync {
    /// Decides as [`Decide::decide`] does, as often as it is asked.
    fn decide(&self, state: Option<&A>, context: &Context) -> Result<Decision<A>, E>;

    /// What tells the command from another one under the same id.
    fn fingerprint(&self) -> Result<String, serde_json::Error>;
}

impl<C: Command> Undecided<C::Aggregate, Refusal<C>> for C {
    fn decide(
        &self,
        state: Option<&C::Aggregate>,
        context: &Context,
    ) -> Result<Decision<C::Aggregate>, Refusal<C>> {
        C::Aggregate::decide(state, self.clone(), context)
    }

    fn fingerprint(&self) -> Result<String, serde_json::Error> {
        fingerprint(C::NAME, self)
    }
}
