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
        kinds::CommandList,
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
