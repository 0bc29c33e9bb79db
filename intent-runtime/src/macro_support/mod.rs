//! What generated code may name. Not part of the public interface: anything here can change in any release.

pub(crate) mod arithmetic;
pub mod bounds;
pub(crate) mod checks;
#[cfg(feature = "lock")]
mod lock_check;
pub(crate) mod macros;
pub(crate) mod row;
pub(crate) mod rule;
pub(crate) mod show;
pub(crate) mod state_version;

pub use schemars;
pub use serde;
pub use serde_json;
pub use serde_json::value::RawValue;

pub use crate::macro_support::arithmetic::{
    Add, Arithmetic, Checked, Div, Integer, Mul, Operator, Rem, Shl, Shr, Sub,
};
pub use crate::macro_support::bounds::{
    Blank, CommandOf, Initial, InitialInRow, IsId, IsIdOf, OneCommandsBlock, SplitInto, Storable,
};
pub use crate::macro_support::checks::{
    Names, assert_new_name, assert_predecessor_name, assert_predecessor_version,
    assert_retired_name, assert_version,
};
#[cfg(feature = "lock")]
pub use crate::macro_support::lock_check::assert_recorded;
pub use crate::macro_support::row::{Cells, fit};
pub use crate::macro_support::rule::{
    Applied, Field, Plain, Rule, StandIn, Unchecked, overflow, row_overflow,
};
pub use crate::macro_support::show::{NoDebug, NoJson, Show, refusal_json};
pub use crate::macro_support::state_version::{FieldValue, given, state_version};
pub use crate::model::read_model::{
    access::ActorName,
    column::ColumnType,
    key::{InKey, KeyColumn},
    value::{variant_from_cell, variant_to_cell},
};
pub use crate::model::upcast::{UpcastStep, run_steps};
pub use crate::record::canonical_shape::{key_shape, note_keys};
pub use crate::record::column::{Cell, ColumnKind};

use std::{fmt, marker::PhantomData};

use ::serde::{
    Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned,
    ser::SerializeStruct as _,
};

use crate::{
    model::{
        aggregate::Aggregate,
        emits::Emits,
        event::{Event, EventOf, SplitOf},
        json_object::JsonObject,
        kinds::{CommandList, EventKind},
        schema_version::SchemaVersion,
        upcast::{DecodeError, UpcastError},
    },
    record::bounded_json,
    store::append::Append,
};

/// `#[derive(Aggregate)]`: a field of a state, and the same field after a JSON round trip. The compiler takes the inherent
/// `same` if the type has `PartialEq`, and that of [`NotCompared`] otherwise.
#[derive(Debug)]
pub struct ReadBack<'a, T>(pub &'a T, pub &'a T);

impl<T: PartialEq> ReadBack<'_, T> {
    /// Whether they are equal.
    pub fn same(&self) -> bool {
        self.0 == self.1
    }
}

/// `#[derive(Aggregate)]`: see [`ReadBack`].
pub trait NotCompared {
    /// Always true: nothing compares the two.
    fn same(&self) -> bool {
        true
    }
}

impl<T> NotCompared for ReadBack<'_, T> {}

/// `#[derive(Aggregate)]`: the JSON of a state, or an error if the round trip changes the state.
pub fn state_as_written(
    json: Box<RawValue>,
    same: bool,
) -> Result<Box<RawValue>, serde_json::Error> {
    match same {
        true => Ok(json),
        false => Err(::serde::ser::Error::custom(
            "it would be read back as another state: JSON has no NaN and no infinity, and one `null` for each level of `Option`",
        )),
    }
}

/// `#[derive(Aggregate)]`: finds out whether the aggregate has a `#[commands]` block. Only then the inherent `list` exists,
/// which the compiler prefers to that of [`NoCommandBlock`].
#[derive(Debug)]
pub struct CommandProbe<A>(PhantomData<fn() -> A>);

impl<A> CommandProbe<A> {
    /// A probe of `A`.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<A> Default for CommandProbe<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: OneCommandsBlock> CommandProbe<A> {
    /// Lists the commands of the block.
    pub fn list(&self, list: &mut CommandList<A>) {
        A::list(list);
    }
}

/// `#[derive(Aggregate)]`: see [`CommandProbe`].
pub trait NoCommandBlock<A: Aggregate> {
    /// Lists nothing.
    fn list(&self, list: &mut CommandList<A>);
}

impl<A: Aggregate> NoCommandBlock<A> for CommandProbe<A> {
    fn list(&self, _: &mut CommandList<A>) {}
}

/// `#[event]` on a struct without fields: it is written as `{}`, to which a later version can add fields.
pub fn serialize_unit<S: Serializer>(name: &'static str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_struct(name, 0)?.end()
}

/// `#[event]` on a struct without fields: any object is read as `event`.
pub fn deserialize_unit<'de, D: Deserializer<'de>, E>(
    deserializer: D,
    event: E,
) -> Result<E, D::Error> {
    #[derive(Deserialize)]
    struct Object {}

    Object::deserialize(deserializer).map(|Object {}| event)
}

/// `#[since(..)]`: gives the object a field that it must not have, so that no stored value is overwritten.
pub fn add<T: Serialize>(object: &mut JsonObject, key: &str, value: T) -> Result<(), UpcastError> {
    if object.contains(key) {
        return Err(UpcastError::occupied(key));
    }
    object.set(key, value)
}

/// `#[since(..)]` on a field with attributes such as `#[serde(with = ..)]`: adds every key that serde writes for `fields`.
pub fn add_as_written<T: Serialize>(
    object: &mut JsonObject,
    key: &str,
    fields: &T,
) -> Result<(), UpcastError> {
    let text = serde_json::to_vec(fields).map_err(UpcastError::field(key))?;
    let written = JsonObject::parse(&text)?;
    for key in written.keys() {
        add(object, key, written.get::<Box<RawValue>>(key)?)?;
    }
    Ok(())
}

/// `#[event(from = V1)]`: reads an older payload through the predecessor's whole chain. The predecessor's functions are
/// arguments and not bounds, so that the compiler blames the name that the user wrote if one is missing.
pub fn upcast_from<E: Event, P>(
    version: u32,
    payload: &[u8],
    newest: u32,
    decode: fn(u32, &[u8]) -> Result<P, DecodeError>,
    convert: fn(P) -> E,
) -> Result<E, DecodeError> {
    if version == 0 || version > newest {
        return Err(DecodeError::version(version, E::VERSION));
    }
    decode(version, payload).map(convert)
}

/// `#[event(from = V1)]`: the predecessor's own predecessors, then the predecessor; arguments as in [`upcast_from`].
pub fn predecessors(
    earlier: fn() -> Vec<EventKind>,
    predecessor: fn() -> EventKind,
) -> Vec<EventKind> {
    let mut kinds = earlier();
    kinds.push(predecessor());
    kinds
}

/// `#[derive(Aggregate)]`: the stored name of an event. The functions down to [`equal`] ask for [`EventOf`], which the macro
/// implements. So a type that is not an event gives one error, at that impl.
#[inline]
pub const fn name_of<A: Aggregate, E: EventOf<A>>() -> &'static str {
    E::NAME
}

/// `#[derive(Aggregate)]`: all names of an event.
pub const fn names_of<A: Aggregate, E: EventOf<A>>(shown: &'static str) -> Names {
    Names::of::<E>(shown)
}

/// `#[derive(Aggregate)]`: whether an event is stored under this name, or was.
#[inline]
pub fn is_named<A: Aggregate, E: EventOf<A>>(name: &str) -> bool {
    name == E::NAME || E::FORMERLY.contains(&name)
}

/// `#[derive(Aggregate)]`: the version of an event's shape, as it is stored.
#[inline]
pub const fn version_of<A: Aggregate, E: EventOf<A>>() -> u32 {
    const { SchemaVersion::of::<E>().stored() }
}

/// The value that a missing field is read as, for the JSON Schema.
pub fn default_value<T: Serialize>(value: &T) -> serde_json::Value {
    // A value that cannot be written is never stored.
    serde_json::to_value(value).unwrap_or_default()
}

/// `#[derive(Aggregate)]`: an event, as the catalogue knows it.
pub const fn kind_of<A: Aggregate, E: EventOf<A>>() -> EventKind {
    EventKind::of::<E>()
}

/// `#[derive(Aggregate)]`: what a decision that returns an event may emit.
pub fn emits<A: Aggregate, E: EventOf<A>>() -> Emits {
    Emits::event(E::NAME)
}

/// `#[derive(Aggregate)]`: writes an event.
#[inline]
pub fn encode<A: Aggregate, E: EventOf<A>>(event: &E) -> Result<Box<RawValue>, serde_json::Error> {
    to_json(event)
}

/// `#[derive(Aggregate)]`: writes an event or a state as JSON, and stops at the limit of every store.
#[inline]
pub fn to_json<T: Serialize>(value: &T) -> Result<Box<RawValue>, serde_json::Error> {
    bounded_json::to_raw_value(value, Append::MAX_PAYLOAD)
}

/// `#[derive(Aggregate)]`: reads an event.
#[inline]
pub fn decode<A: Aggregate, E: EventOf<A>>(
    version: u32,
    payload: &[u8],
) -> Result<A::Event, DecodeError> {
    E::decode(version, payload).map(Into::into)
}

/// `#[derive(Aggregate)]`: copies an event.
#[inline]
pub fn clone<A: Aggregate, E: EventOf<A>>(event: &E) -> E {
    event.clone()
}

/// `#[derive(Aggregate)]`: shows an event as a variant of the enum.
pub fn debug<A: Aggregate, E: EventOf<A>>(
    variant: &str,
    event: &E,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    f.debug_tuple(variant).field(event).finish()
}

/// `#[derive(Aggregate)]`: compares two events of one kind.
#[inline]
pub fn equal<A: Aggregate, E: EventOf<A>>(one: &E, other: &E) -> bool {
    one == other
}

/// `#[aggregate(split(..))]`: all names of a split event.
pub const fn split_names_of<A: Aggregate, E: SplitOf<A>>(shown: &'static str) -> Names {
    Names::of::<E>(shown)
}

/// `#[aggregate(split(..))]`: whether a split event is stored under this name.
pub fn is_split<A: Aggregate, E: SplitOf<A>>(name: &str) -> bool {
    name == E::NAME || E::FORMERLY.contains(&name)
}

/// `#[aggregate(split(..))]`: a split event, as the catalogue knows it.
pub fn split_kind_of<A: Aggregate, E: SplitOf<A>>() -> EventKind {
    EventKind::of::<E>()
}

/// `#[aggregate(split(..))]`: reads a split event.
pub fn decode_split<A: Aggregate, E: SplitOf<A>>(
    version: u32,
    payload: &[u8],
) -> Result<Vec<A::Event>, DecodeError> {
    let mut events = Vec::new();
    E::decode(version, payload)?.split(&mut events);
    Ok(events)
}

/// `snapshot(from = AccountV1)`: reads a state of another version as the predecessor does, and converts it.
pub fn decode_state_from<A, P>(
    version: u32,
    current: u32,
    state: &[u8],
    decode: fn(u32, &[u8]) -> Result<P, DecodeError>,
    convert: fn(P) -> A,
) -> Result<A, DecodeError> {
    match decode(version, state) {
        Err(DecodeError::StaleSnapshot { .. }) => {
            Err(DecodeError::stale_snapshot(version, current))
        }
        read => read.map(convert),
    }
}

/// `#[derive(Aggregate)]` with `snapshot(..)`: reads the state if its shape is of the current version.
pub fn decode_state<T: DeserializeOwned>(
    version: u32,
    current: u32,
    state: &[u8],
) -> Result<T, DecodeError> {
    if version != current {
        return Err(DecodeError::stale_snapshot(version, current));
    }
    serde_json::from_slice(state).map_err(DecodeError::Payload)
}
