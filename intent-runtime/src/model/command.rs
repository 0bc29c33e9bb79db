//! Commands and decisions: what is asked of an aggregate, and which events answer it.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    model::{aggregate::Aggregate, context::Context, emits::Emits},
    record::id::Id,
};

/// A request to one aggregate. `#[commands]` makes one of every handling function; `#[command]` makes one of a struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command",
    label = "not a command",
    note = "if it is an event, send the command whose decision returns it",
    note = "if it is meant as a command, add `#[command]` above `struct {Self}`, and `#[id]` to the field that names the aggregate"
)]
pub trait Command:
    Clone + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// The aggregate it is for.
    type Aggregate: Decide<Self>;

    /// Its name, unique among the commands of its aggregate.
    const NAME: &'static str;
    /// Its doc comment.
    const DOC: &'static str = "";

    /// Which aggregate it is for.
    fn target(&self) -> Id<Self::Aggregate>;
}

/// How an aggregate answers command `C`: one impl per command, written by `#[commands]`.
///
/// A decision is pure: the same state, command and context always decide the same.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle the command `{C}`",
    label = "no function for this command",
    note = "mark a function in `#[commands] impl {Self}` with `#[handle({C})]` or `#[create({C})]`"
)]
pub trait Decide<C>: Aggregate {
    /// What a refusal says; [`Infallible`](std::convert::Infallible) when the command cannot be refused.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Whether the command always answers [`Decision::AlreadyExists`] once the aggregate exists. It is then decided
    /// without a load, which saves a round trip. The append finds out whether the aggregate exists.
    const ONLY_CREATES: bool = false;

    /// The roles that may send the command for an actor; empty if every actor may. `#[commands]` takes them from
    /// `#[handle(allow("teller", "manager"))]`.
    const ALLOWED: &'static [&'static str] = &[];

    /// Decides on `state`, which is `None` if the aggregate does not exist.
    ///
    /// # Errors
    /// The domain's own refusal.
    fn decide(
        state: Option<&Self>,
        command: C,
        context: &Context,
    ) -> Result<Decision<Self>, Self::Error>;

    /// Which events a decision may give, for the catalogue. `#[commands]` reads it from the return types.
    fn emits() -> Emits {
        Emits::Unknown
    }

    /// A refusal as JSON, for commands that are sent by name. `#[commands]` implements it: `None` if the error's type does not
    /// implement `Serialize`.
    fn refusal_json(refusal: &Self::Error) -> Option<Box<RawValue>> {
        let _ = refusal;
        None
    }
}

/// The answer to a command.
#[derive(Debug)]
pub enum Decision<A: Aggregate> {
    /// These events happened; none, if there was nothing to do.
    Events(Vec<A::Event>),
    /// The command needs an aggregate that exists.
    NotFound,
    /// The command creates, and the aggregate exists.
    AlreadyExists,
}

impl<A: Aggregate> Decision<A> {
    /// The decision for events in any of the forms that a function may return.
    pub fn events(events: impl IntoEvents<A>) -> Self {
        let mut list = Vec::new();
        events.append_to(&mut list);
        Self::Events(list)
    }
}

/// What a decision may return: an event, `Option`, a tuple, an array, a `Vec`, or `()`.
#[diagnostic::on_unimplemented(
    message = "a decision of `{A}` cannot return `{Self}`",
    label = "not an event of `{A}`, nor a collection of its events",
    note = "return events listed in `#[aggregate(..)]` of `{A}`: one, `Option`, a tuple, `Vec`, an array, or `()`",
    note = "a refusal is written out as `Result<_, Refused>`; an alias of `Result` is not seen"
)]
pub trait IntoEvents<A: Aggregate> {
    /// Appends the events in order.
    fn append_to(self, events: &mut Vec<A::Event>);

    /// Which events a value of this type may stand for, for the catalogue.
    fn emits() -> Emits {
        Emits::Unknown
    }
}

impl<A: Aggregate> IntoEvents<A> for () {
    fn append_to(self, _: &mut Vec<A::Event>) {}

    fn emits() -> Emits {
        Emits::Events(Vec::new())
    }
}

impl<A: Aggregate, E: IntoEvents<A>> IntoEvents<A> for Option<E> {
    fn append_to(self, events: &mut Vec<A::Event>) {
        if let Some(event) = self {
            event.append_to(events);
        }
    }

    fn emits() -> Emits {
        E::emits()
    }
}

impl<A: Aggregate, E: IntoEvents<A>> IntoEvents<A> for Vec<E> {
    fn append_to(self, events: &mut Vec<A::Event>) {
        for event in self {
            event.append_to(events);
        }
    }

    fn emits() -> Emits {
        E::emits()
    }
}

impl<A: Aggregate, E: IntoEvents<A>, const N: usize> IntoEvents<A> for [E; N] {
    fn append_to(self, events: &mut Vec<A::Event>) {
        for event in self {
            event.append_to(events);
        }
    }

    fn emits() -> Emits {
        E::emits()
    }
}

macro_rules! tuples {
    ($($name:ident)+) => {
        #[diagnostic::do_not_recommend]
        impl<A: Aggregate, $($name: IntoEvents<A>),+> IntoEvents<A> for ($($name,)+) {
            #[allow(non_snake_case, reason = "each value bears the name of its type")]
            fn append_to(self, events: &mut Vec<A::Event>) {
                let ($($name,)+) = self;
                $($name.append_to(events);)+
            }

            fn emits() -> Emits {
                Emits::Events(Vec::new())$(.and($name::emits()))+
            }
        }
    };
}

tuples!(E1);
tuples!(E1 E2);
tuples!(E1 E2 E3);
tuples!(E1 E2 E3 E4);
tuples!(E1 E2 E3 E4 E5);
tuples!(E1 E2 E3 E4 E5 E6);

/// What the domain says when it refuses command `C`.
pub type Refusal<C> = <<C as Command>::Aggregate as Decide<C>>::Error;
