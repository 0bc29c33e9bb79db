//! [`Scenario`]: a domain's rules tested without a store — given a history, when a command comes, then …

#![allow(
    clippy::panic,
    reason = "a scenario is an assertion: it reports a failure as assert_eq! does"
)]

pub use crate::clock::FixedClock;

use std::fmt::{Debug, Write};

use crate::{
    Aggregate, AggregateEvent, Command, Context, Decide, Decision, Id, Refusal, Version,
    aggregate::fold_next, difference::difference,
};

/// A history, to which a command can be put.
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
/// A step that fails panics at the caller's line, with the difference between what was expected and what came.
#[must_use = "a scenario says nothing without a command and what follows from it"]
pub struct Scenario<A: Aggregate> {
    id: Id<A>,
    state: Option<A>,
    version: Version,
    context: Context,
}

/// What came of the command.
pub struct Then<A: Aggregate, E> {
    outcome: Outcome<A, E>,
    /// The state after the command, from which the closure of `then_state` can tell.
    state: Option<A>,
    command: &'static str,
}

enum Outcome<A: Aggregate, E> {
    Events(Vec<A::Event>),
    Rejected(E),
    NotFound,
    AlreadyExists,
}

impl<A: Aggregate> Scenario<A> {
    /// Begins with a history; an empty one, `[]`, for an aggregate that does not exist.
    ///
    /// # Panics
    /// When the events are no history, because the first one does not create the aggregate or a later one does.
    #[track_caller]
    pub fn given(id: Id<A>, history: impl IntoIterator<Item = A::Event>) -> Self {
        let mut scenario = Self {
            id,
            state: None,
            version: Version::NONE,
            context: Context::new(),
        };
        for event in history {
            scenario.version = scenario.version.next();
            if let Err(error) = fold_next(&mut scenario.state, id, scenario.version, &event) {
                panic!("the given events are no history: {error}");
            }
        }
        scenario
    }

    /// Decides in this context: at another time, with metadata, for another tenant.
    pub fn in_context(mut self, context: Context) -> Self {
        self.context = context;
        self
    }

    /// Puts a command to the aggregate.
    ///
    /// # Panics
    /// When the command is for another aggregate than the history.
    #[track_caller]
    #[must_use = "a command that nothing is asked about asserts nothing"]
    pub fn when<C: Command<Aggregate = A>>(mut self, command: C) -> Then<A, Refusal<C>>
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
        let outcome = match A::decide(self.state.as_ref(), command, &self.context) {
            Ok(Decision::Events(events)) => Outcome::Events(events),
            Ok(Decision::NotFound) => Outcome::NotFound,
            Ok(Decision::AlreadyExists) => Outcome::AlreadyExists,
            Err(refusal) => Outcome::Rejected(refusal),
        };
        if let Outcome::Events(events) = &outcome {
            for event in events {
                self.version = self.version.next();
                if let Err(error) = fold_next(&mut self.state, self.id, self.version, event) {
                    panic!(
                        "`{}` decided on events that cannot be stored: {error}",
                        C::NAME
                    );
                }
            }
        }
        Then {
            outcome,
            state: self.state,
            command: C::NAME,
        }
    }
}

impl<A: Aggregate, E: Debug> Then<A, E> {
    /// The command emitted exactly these events, in this order.
    ///
    /// # Panics
    /// When it emitted others, or none.
    #[track_caller]
    pub fn then_emits(self, expected: impl IntoIterator<Item = A::Event>) -> Self
    where
        A::Event: PartialEq,
    {
        let expected: Vec<A::Event> = expected.into_iter().collect();
        match &self.outcome {
            Outcome::Events(events) if *events == expected => self,
            Outcome::Events(events) => panic!(
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
    ///
    /// # Panics
    /// When it emitted events, or was turned away.
    #[track_caller]
    pub fn then_nothing(self) -> Self {
        match &self.outcome {
            Outcome::Events(events) if events.is_empty() => self,
            _ => self.fail("to have nothing to do"),
        }
    }

    /// The domain refused, with an error for which `expected` holds.
    ///
    /// # Panics
    /// When the command was accepted, or refused otherwise.
    #[track_caller]
    pub fn then_rejects(self, expected: impl FnOnce(&E) -> bool) -> Self {
        match &self.outcome {
            Outcome::Rejected(refusal) if expected(refusal) => self,
            Outcome::Rejected(refusal) => panic!(
                "`{}` was rejected otherwise than expected:\n\n{}",
                self.command,
                indented(&format!("{refusal:#?}")),
            ),
            _ => self.fail("to be rejected"),
        }
    }

    /// The command needs an aggregate that exists, and was given none.
    ///
    /// # Panics
    /// When anything else came of it.
    #[track_caller]
    pub fn then_not_found(self) -> Self {
        match &self.outcome {
            Outcome::NotFound => self,
            _ => self.fail("to find no aggregate"),
        }
    }

    /// The command creates an aggregate, and was given one that exists.
    ///
    /// # Panics
    /// When anything else came of it.
    #[track_caller]
    pub fn then_already_exists(self) -> Self {
        match &self.outcome {
            Outcome::AlreadyExists => self,
            _ => self.fail("to find that the aggregate exists"),
        }
    }

    /// The state after the command is as `expected` says.
    ///
    /// # Panics
    /// When it is not, or there is no aggregate.
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
    fn fail(&self, expected: &str) -> ! {
        let came = match &self.outcome {
            Outcome::Events(events) if events.is_empty() => "it emitted nothing".to_owned(),
            Outcome::Events(events) => format!("it emitted\n\n{}", indented(&listing(events))),
            Outcome::Rejected(refusal) => {
                format!("it was rejected:\n\n{}", indented(&format!("{refusal:#?}")))
            }
            Outcome::NotFound => format!("there is no {}", A::TYPE),
            Outcome::AlreadyExists => format!("the {} exists already", A::TYPE),
        };
        panic!("expected `{}` {expected}, but {came}", self.command);
    }
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
