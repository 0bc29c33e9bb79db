//! [`Scenario`]: tests a domain's rules without a store.

#![allow(
    clippy::panic,
    reason = "a scenario is an assertion: it reports a failure as assert_eq! does"
)]

pub use crate::record::clock::FixedClock;
use crate::{
    dispatch::{
        actor::{Actor, options_for},
        attempt::Sending,
        error::SendError,
        load::Folded,
        options::SendOptions,
    },
    model::{
        aggregate::{Aggregate, fold_all},
        any_command::CommandHead,
        command::{Command, Decide, Refusal},
        context::Context,
        event::AggregateEvent,
    },
    record::{id::Id, version::Version},
    schema::difference::difference,
    store::memory::MemoryStore,
};

use std::{
    error::Error,
    fmt::{Debug, Write},
};

/// A test of one decision: given a history, when a command is sent, then something follows.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::prelude::*;
///
/// let id = Id::<Account>::new();
/// Scenario::<Account>::given(id, [Opened { owner: "Ada".into() }.into(), Deposited { amount: 5 }.into()])
///     .when(Withdraw { id, amount: 3 })
///     .then_emits([Withdrawn { amount: 3 }.into()])
///     .then_state(|account| account.balance == 2);
///
/// Scenario::<Account>::given(id, [Opened { owner: "Ada".into() }.into()])
///     .when(Withdraw { id, amount: 3 })
///     .then_rejects(|refusal: &Overdrawn| refusal.balance == 0);
/// ```
///
/// Each `then_…` panics unless what it says holds. It blames the caller's line and shows what came instead.
#[must_use = "a scenario says nothing without a command and what follows from it"]
pub struct Scenario<A: Aggregate> {
    id: Id<A>,
    history: Vec<A::Event>,
    context: Context,
    actor: Option<Actor>,
}

/// The outcome of the command, for the steps that check it.
pub struct Then<A: Aggregate, E> {
    /// The events, or what `send` would answer.
    outcome: Result<Vec<A::Event>, SendError<E>>,
    /// The state after the command, for the closure of `then_state`.
    state: Option<A>,
    command: &'static str,
}

impl<A: Aggregate> Scenario<A> {
    /// Begins with a history; an empty one, `[]`, for an aggregate that does not exist.
    ///
    /// # Panics
    /// If the events are no history: the first one does not create the aggregate, or a later one does.
    #[track_caller]
    pub fn given(id: Id<A>, history: impl IntoIterator<Item = A::Event>) -> Self {
        let history: Vec<A::Event> = history.into_iter().collect();
        if let Err(error) = fold_all(id, &history) {
            panic!("the given events are no history: {error}");
        }
        Self {
            id,
            history,
            context: Context::new(),
            actor: None,
        }
    }

    /// Decides in this context: at another time, with metadata, for another tenant.
    pub fn in_context(mut self, context: Context) -> Self {
        self.context = context;
        self
    }

    /// Sends the command for this actor, as [`Tenant::acting`](crate::Tenant::acting) does: it is refused unless one of the
    /// actor's roles is allowed, and the decision finds actor and role in the metadata of its context.
    ///
    /// ```
    /// use intent_runtime::prelude::*;
    ///
    /// #[derive(Aggregate)]
    /// #[aggregate(created_by(Opened), events())]
    /// struct Branch {
    ///     #[id]
    ///     id: Id<Branch>,
    /// }
    ///
    /// #[event]
    /// struct Opened;
    ///
    /// #[commands]
    /// impl Branch {
    ///     #[create(allow("manager"))]
    ///     fn open() -> Opened {
    ///         Opened
    ///     }
    /// }
    ///
    /// let id = Id::new();
    /// Scenario::<Branch>::given(id, [])
    ///     .acting(Actor::new("ada").role("teller"))
    ///     .when(Open { id })
    ///     .then_forbidden();
    /// ```
    pub fn acting(mut self, actor: Actor) -> Self {
        self.actor = Some(actor);
        self
    }

    /// Sends a command to the aggregate.
    ///
    /// # Panics
    /// If the command is for another aggregate than the history.
    #[track_caller]
    #[must_use = "a command that nothing is asked about asserts nothing"]
    pub fn when<C: Command<Aggregate = A>>(self, command: C) -> Then<A, Refusal<C>>
    where
        A: Decide<C>,
    {
        if command.target() != self.id {
            let target = command.target();
            panic!(
                "`{}` is for {} {target}, the given history is of {}",
                C::NAME,
                A::TYPE,
                self.id
            );
        }
        let head = CommandHead::of(&command);
        let options = SendOptions::new()
            .command_id(self.context.command_id())
            .metadata(
                self.context
                    .metadata()
                    .clone()
                    .timestamp(self.context.now()),
            );
        let options = options_for(self.actor.as_ref(), &head, options);
        // Nothing is stored: the store only takes the place that a store has in `send`.
        let store = MemoryStore::new();
        let tenant = self.context.tenant_id();
        let decided = options
            .and_then(|options| Sending::new(&store, tenant, head, &command, options))
            .and_then(|sending| sending.dry_run(self.folded()));
        let (outcome, after) = match decided {
            Ok((events, after)) => (Ok(events), after),
            Err(error) => (Err(error), None),
        };
        Then {
            outcome,
            state: after.unwrap_or_else(|| self.folded()).state,
            command: C::NAME,
        }
    }

    fn folded(&self) -> Folded<A> {
        let events = u64::try_from(self.history.len()).unwrap_or(u64::MAX);
        Folded {
            // `given` has folded it before.
            state: fold_all(self.id, &self.history).unwrap_or_default(),
            version: Version::new(events),
            ..Folded::EMPTY
        }
    }
}

impl<A: Aggregate, E: Error + 'static> Then<A, E> {
    /// The command emitted exactly these events, in this order.
    #[track_caller]
    pub fn then_emits(self, expected: impl IntoIterator<Item = A::Event>) -> Self
    where
        A::Event: PartialEq,
    {
        let expected: Vec<A::Event> = expected.into_iter().collect();
        match &self.outcome {
            Ok(events) if *events == expected => self,
            Ok(events) => panic!(
                "`{}` emitted other events than expected:\n\n{}",
                self.command,
                difference(
                    ["expected", "emitted"],
                    &listing(&expected),
                    &listing(events)
                ),
            ),
            _ => self.fail(&format!("to emit\n\n{}", indented(&listing(&expected)))),
        }
    }

    /// The command had nothing to do: it was accepted and emitted no event.
    #[track_caller]
    pub fn then_nothing(self) -> Self {
        let holds = self.outcome.as_ref().is_ok_and(Vec::is_empty);
        self.check(holds, "to have nothing to do")
    }

    /// The domain refused the command, with an error for which `expected` holds.
    #[track_caller]
    pub fn then_rejects(self, expected: impl FnOnce(&E) -> bool) -> Self {
        match &self.outcome {
            Err(SendError::Rejected(refusal)) if expected(refusal) => self,
            Err(SendError::Rejected(refusal)) => panic!(
                "`{}` was rejected otherwise than expected:\n\n{}",
                self.command,
                indented(&format!("{refusal:#?}")),
            ),
            _ => self.fail("to be rejected"),
        }
    }

    /// The command needs an aggregate, and there is none.
    #[track_caller]
    pub fn then_not_found(self) -> Self {
        let holds = matches!(self.outcome, Err(SendError::NotFound { .. }));
        self.check(holds, "to find no aggregate")
    }

    /// The command creates an aggregate, and there is one.
    #[track_caller]
    pub fn then_already_exists(self) -> Self {
        let holds = matches!(self.outcome, Err(SendError::AlreadyExists { .. }));
        self.check(holds, "to find that the aggregate exists")
    }

    /// None of the roles of the [`acting`](Scenario::acting) actor may send the command.
    #[track_caller]
    pub fn then_forbidden(self) -> Self {
        let holds = matches!(self.outcome, Err(SendError::Forbidden { .. }));
        self.check(holds, "to be forbidden")
    }

    /// The events of the command cannot be stored, with an error for which `expected` holds. They are too many or
    /// too large ([`SendError::Store`]), cannot be written as JSON ([`SendError::Encode`]) or read back
    /// ([`SendError::NotReadBack`]), or break the history ([`SendError::Decision`]).
    ///
    /// ```
    /// use intent_runtime::prelude::*;
    ///
    /// #[derive(Aggregate)]
    /// #[aggregate(created_by(Began), events(Measured => ()))]
    /// struct Series {
    ///     #[id]
    ///     id: Id<Series>,
    /// }
    ///
    /// #[event]
    /// struct Began;
    ///
    /// #[event]
    /// struct Measured {
    ///     value: f64,
    /// }
    ///
    /// #[commands]
    /// impl Series {
    ///     #[handle]
    ///     fn measure(&self, value: f64) -> Measured {
    ///         Measured { value }
    ///     }
    /// }
    ///
    /// let id = Id::new();
    /// Scenario::<Series>::given(id, [Began.into()])
    ///     .when(Measure { id, value: f64::NAN }) // JSON has no NaN
    ///     .then_cannot_be_stored(|error| matches!(error, SendError::NotReadBack { event: "Measured", .. }));
    /// ```
    #[track_caller]
    pub fn then_cannot_be_stored(self, expected: impl FnOnce(&SendError<E>) -> bool) -> Self {
        match &self.outcome {
            Err(error) if is_unstorable(error) && expected(error) => self,
            Err(error) if is_unstorable(error) => panic!(
                "the events of `{}` cannot be stored for another reason than expected:\n\n{}",
                self.command,
                indented(&format!("{error:?}")),
            ),
            _ => self.fail("to decide on events that cannot be stored"),
        }
    }

    /// `expected` holds for the state after the command. A refused command leaves the state as it was.
    #[track_caller]
    pub fn then_state(self, expected: impl FnOnce(&A) -> bool) -> Self
    where
        A: Debug,
    {
        match &self.state {
            Some(state) if expected(state) => self,
            Some(state) => panic!(
                "after `{}` the state is not as expected:\n\n{}",
                self.command,
                indented(&format!("{state:#?}")),
            ),
            None => panic!("after `{}` there is no {}", self.command, A::TYPE),
        }
    }

    #[track_caller]
    fn check(self, holds: bool, expected: &str) -> Self {
        match holds {
            true => self,
            false => self.fail(expected),
        }
    }

    #[track_caller]
    fn fail(&self, expected: &str) -> ! {
        let came = match &self.outcome {
            Ok(events) if events.is_empty() => "it emitted nothing".to_owned(),
            Ok(events) => format!("it emitted\n\n{}", indented(&listing(events))),
            Err(SendError::Rejected(refusal)) => {
                format!("it was rejected:\n\n{}", indented(&format!("{refusal:#?}")))
            }
            Err(SendError::NotFound { .. }) => format!("there is no {}", A::TYPE),
            Err(SendError::AlreadyExists { .. }) => format!("the {} exists already", A::TYPE),
            Err(error @ SendError::Forbidden { .. }) => format!("it was forbidden: {error}"),
            Err(error) => format!("its events cannot be stored: {error:?}"),
        };
        panic!("expected `{}` {expected}, but {came}", self.command);
    }
}

/// Whether the decision has events that no store takes.
fn is_unstorable<E>(error: &SendError<E>) -> bool {
    matches!(
        error,
        SendError::Decision { .. }
            | SendError::Encode { .. }
            | SendError::NotReadBack { .. }
            | SendError::Store(_)
    )
}

/// The events, one block of lines each.
fn listing<E: AggregateEvent>(events: &[E]) -> String {
    let mut text = String::new();
    for event in events {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{event:#?}");
    }
    text
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
