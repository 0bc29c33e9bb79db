//! What the macros ask of your types.
//!
//! The compiler names these traits in its errors. You never implement one by hand: blanket impls and the macros do.
//!
//! ```
//! use intent_runtime::{bounds::Storable, prelude::*};
//!
//! #[value]
//! struct Money {
//!     cents: i64,
//! }
//! let () = <Money as Storable>::CHECK; // without `#[value]`: "`Money` cannot be stored: …"
//! ```

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    model::{
        aggregate::Aggregate,
        command::{Command, IntoEvents},
        event::{Event, EventOf},
        kinds::CommandList,
        read_model::{
            ReadModel,
            key::IntoKeys,
            route::{EffectOf, InlineEffectOf, Routes},
        },
        recorded::Recorded,
    },
    record::id::Id,
};

/// The type of an `#[id]` field: an [`Id`].
#[diagnostic::on_unimplemented(
    message = "an `#[id]` field is an `Id<..>`, found `{Self}`",
    label = "not an `Id<..>`",
    note = "an aggregate's own id is `Id<Self>`; a command's is the `Id` of the aggregate it is for"
)]
pub trait IsId {
    /// The aggregate that it identifies.
    type Aggregate;

    /// The id.
    fn id(&self) -> Id<Self::Aggregate>;
}

#[diagnostic::do_not_recommend]
impl<A> IsId for Id<A> {
    type Aggregate = A;

    fn id(&self) -> Self {
        *self
    }
}

/// The type of an aggregate's own `#[id]` field: `Id<Self>`.
#[diagnostic::on_unimplemented(
    message = "the `#[id]` field of aggregate `{A}` is not an `Id<{A}>`",
    label = "found `{Self}`",
    note = "write `Id<{A}>`"
)]
pub trait IsIdOf<A>: Sized {
    /// The value of the field.
    fn from_id(id: Id<A>) -> Self;
}

#[diagnostic::do_not_recommend]
impl<A> IsIdOf<A> for Id<A> {
    #[inline]
    fn from_id(id: Id<A>) -> Self {
        id
    }
}

/// The type of a field that is stored: serde's traits and `JsonSchema`, as [`#[value]`](macro@crate::value) gives them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored: it is not serializable, or has no JSON Schema",
    label = "cannot be stored",
    note = "if `{Self}` is yours, add `#[value]` to it, or derive serde's `Serialize` and `Deserialize` and schemars' `JsonSchema`",
    note = "if it is another crate's, switch on that crate's `serde` feature and schemars' feature for it, such as `rust_decimal1`, `chrono04`, `url2` or `jiff02` (for `Arc`, serde's feature `rc`), or keep its value in a `#[value]` of your own"
)]
pub trait Storable {
    /// Names the check, so that generated code can refer to it.
    const CHECK: () = ();
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + JsonSchema> Storable for T {}

/// The type of a field that begins with its [`Default`], since no rule says what `E` makes of it when `E` creates `A`.
#[diagnostic::on_unimplemented(
    message = "`{E}` creates `{A}`, and nothing says what this field then is: it has no rule for `{E}`, and `{Self}` no default",
    label = "no value to begin with",
    note = "write a rule, `#[on({E} = ..)]`; or implement `Default` for `{Self}`; or make the whole aggregate in a function, `created_by({E} => Self::..)`"
)]
pub trait Initial<A, E> {
    /// The value.
    fn initial() -> Self;
}

#[diagnostic::do_not_recommend]
impl<A, E, T: Default> Initial<A, E> for T {
    #[inline]
    fn initial() -> Self {
        T::default()
    }
}

/// The type of a field that begins with its [`Default`], since no rule says what `E` makes of it when `E` begins a row of `M`.
#[diagnostic::on_unimplemented(
    message = "`{E}` begins a row of `{M}`, and nothing says what this field then is: it has no rule for `{E}`, and `{Self}` no default",
    label = "no value to begin with",
    note = "write a rule, `#[on({E} = ..)]`; or make the field an `Option`; or implement `Default` for `{Self}`; or make the whole row in a function, `created_by({E} => Self::..)`"
)]
pub trait InitialInRow<M, E> {
    /// The value.
    fn initial() -> Self;
}

#[diagnostic::do_not_recommend]
impl<M, E, T: Default> InitialInRow<M, E> for T {
    #[inline]
    fn initial() -> Self {
        T::default()
    }
}

/// The type of a field that begins with its [`Default`], since any event begins a row of `M`.
#[diagnostic::on_unimplemented(
    message = "any event begins a row of `{M}`, and this field then has no value: `{Self}` has no default",
    label = "no value to begin with",
    note = "make the field an `Option`; or implement `Default` for `{Self}`; or say which events begin a row, in `created_by(..)`"
)]
pub trait Blank<M> {
    /// The value.
    fn initial() -> Self;
}

#[diagnostic::do_not_recommend]
impl<M, T: Default> Blank<M> for T {
    #[inline]
    fn initial() -> Self {
        T::default()
    }
}

/// An event that a read model lists with `of`: the aggregate `A` lists it too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of `{A}`",
    label = "not an event of `{A}`",
    note = "`of` names an aggregate that lists the event, in `events(..)` or `created_by(..)`"
)]
pub trait EventWithOf<A>: Sized {
    /// [`Event::NAME`].
    const NAME: &'static str;

    /// See [`Routes::on`].
    fn on<M: ReadModel, K: IntoKeys<M::Key> + 'static>(
        routes: &mut Routes<M>,
        by: fn(&Recorded<Self>) -> K,
        effect: EffectOf<M, Self>,
    );

    /// See [`Routes::link`].
    fn link<M: ReadModel, K: IntoKeys<M::Key> + 'static>(
        routes: &mut Routes<M>,
        by: fn(&Recorded<Self>) -> K,
    );

    /// See [`Routes::on_linked`].
    fn on_linked<M: ReadModel>(routes: &mut Routes<M>, effect: EffectOf<M, Self>);
}

#[diagnostic::do_not_recommend]
impl<E: EventOf<A>, A: Aggregate> EventWithOf<A> for E {
    const NAME: &'static str = <E as Event>::NAME;

    fn on<M: ReadModel, K: IntoKeys<M::Key> + 'static>(
        routes: &mut Routes<M>,
        by: fn(&Recorded<E>) -> K,
        effect: EffectOf<M, E>,
    ) {
        routes.on::<A, E, K>(by, effect);
    }

    fn link<M: ReadModel, K: IntoKeys<M::Key> + 'static>(
        routes: &mut Routes<M>,
        by: fn(&Recorded<E>) -> K,
    ) {
        routes.link::<A, E, K>(by);
    }

    fn on_linked<M: ReadModel>(routes: &mut Routes<M>, effect: EffectOf<M, E>) {
        routes.on_linked::<A, E>(effect);
    }
}

/// An event that a read model lists without `of`: one aggregate lists it too, and the compiler finds that one. If two aggregates list
/// it, the compiler says so, and that an annotation is needed: `of`, as in `Noted of Account`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of an aggregate",
    label = "no aggregate lists it",
    note = "a read model lists events that an aggregate lists too, in `events(..)` or `created_by(..)`"
)]
pub trait EventWithoutOf<A>: Sized {
    /// [`Event::NAME`].
    const NAME: &'static str;

    /// See [`Routes::on`].
    fn on<M: ReadModel, K: IntoKeys<M::Key> + 'static>(
        routes: &mut Routes<M>,
        by: fn(&Recorded<Self>) -> K,
        effect: EffectOf<M, Self>,
    );

    /// See [`Routes::link`].
    fn link<M: ReadModel, K: IntoKeys<M::Key> + 'static>(
        routes: &mut Routes<M>,
        by: fn(&Recorded<Self>) -> K,
    );

    /// See [`Routes::on_linked`].
    fn on_linked<M: ReadModel>(routes: &mut Routes<M>, effect: EffectOf<M, Self>);
}

#[diagnostic::do_not_recommend]
impl<E: EventOf<A>, A: Aggregate> EventWithoutOf<A> for E {
    const NAME: &'static str = <E as Event>::NAME;

    fn on<M: ReadModel, K: IntoKeys<M::Key> + 'static>(
        routes: &mut Routes<M>,
        by: fn(&Recorded<E>) -> K,
        effect: EffectOf<M, E>,
    ) {
        routes.on::<A, E, K>(by, effect);
    }

    fn link<M: ReadModel, K: IntoKeys<M::Key> + 'static>(
        routes: &mut Routes<M>,
        by: fn(&Recorded<E>) -> K,
    ) {
        routes.link::<A, E, K>(by);
    }

    fn on_linked<M: ReadModel>(routes: &mut Routes<M>, effect: EffectOf<M, E>) {
        routes.on_linked::<A, E>(effect);
    }
}

/// An event that a read model lists without `by`: the id of its aggregate is the key of the row.
#[diagnostic::on_unimplemented(
    message = "nothing says which rows `{Self}` changes: the key is `{K}`, and that is not the id of an aggregate with this event",
    label = "`by` is missing",
    note = "write `{Self} by |e| ..` with the key of the row; without `by`, the key is the `Id<..>` of the aggregate that lists `{Self}`"
)]
pub trait OwnEvent<K>: Sized {
    /// [`Event::NAME`].
    const NAME: &'static str;

    /// See [`Routes::on_own`].
    fn on<M: ReadModel<Key = K>>(routes: &mut Routes<M>, effect: EffectOf<M, Self>);
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate, E: EventOf<A>> OwnEvent<Id<A>> for E {
    const NAME: &'static str = <E as Event>::NAME;

    fn on<M: ReadModel<Key = Id<A>>>(routes: &mut Routes<M>, effect: EffectOf<M, E>) {
        routes.on_own::<A, E>(effect);
    }
}

/// An event of an inline read model: the id of its aggregate is the key of the row.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot change a row whose key is `{K}`: that is not the id of an aggregate with this event",
    label = "not an event of the aggregate whose id is the key",
    note = "the key of an inline read model is the `Id<..>` of one aggregate, and all its events are listed by that aggregate"
)]
pub trait InlineEvent<K>: Sized {
    /// [`Event::NAME`].
    const NAME: &'static str;

    /// See [`Routes::on_inline`].
    fn on<M: ReadModel<Key = K>>(routes: &mut Routes<M>, effect: InlineEffectOf<M, Self>);
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate, E: EventOf<A>> InlineEvent<Id<A>> for E {
    const NAME: &'static str = <E as Event>::NAME;

    fn on<M: ReadModel<Key = Id<A>>>(routes: &mut Routes<M>, effect: InlineEffectOf<M, E>) {
        routes.on_inline::<A, E>(effect);
    }
}

/// A command of the aggregate `A`, which a function of its [`#[commands]`](macro@crate::commands) block may decide.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command of `{A}`",
    label = "not a command of `{A}`",
    note = "a command belongs to the aggregate that its `#[id]` field names, and to no other"
)]
pub trait CommandOf<A: Aggregate> {
    /// Lists the command.
    fn add_to(list: &mut CommandList<A>);
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate, C: Command<Aggregate = A>> CommandOf<A> for C {
    fn add_to(list: &mut CommandList<A>) {
        list.add::<C>();
    }
}

/// An aggregate has one [`#[commands]`](macro@crate::commands) block; a second one is a conflict with the first.
pub trait OneCommandsBlock: Aggregate {
    /// Lists the commands.
    fn list(list: &mut CommandList<Self>);
}

/// What a function of `#[aggregate(split(..))]` may return: the same as a decision, see [`IntoEvents`].
#[diagnostic::on_unimplemented(
    message = "an event of `{A}` cannot be split into `{Self}`",
    label = "not an event of `{A}`, nor a collection of its events",
    note = "return events listed in `#[aggregate(..)]` of `{A}`: one, `Option`, a tuple, `Vec`, an array, or `()`"
)]
pub trait SplitInto<A: Aggregate> {
    /// Appends the events in order.
    fn append_to(self, events: &mut Vec<A::Event>);
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate, E: IntoEvents<A>> SplitInto<A> for E {
    fn append_to(self, events: &mut Vec<A::Event>) {
        IntoEvents::append_to(self, events);
    }
}
