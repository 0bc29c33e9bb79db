//! Events: what a domain declares ([`Event`]), what an aggregate lists ([`AggregateEvent`]), what a store keeps.

use std::fmt;

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::model::{
    aggregate::Aggregate,
    decoded::Decoded,
    kinds::EventKind,
    schema_version::SchemaVersion,
    upcast::{self, DecodeError, KeyChange},
};

/// Something that happened, of one kind and shape. `#[event]` implements it.
///
/// By hand, the name is enough for an event that never changes:
///
/// ```
/// use intent_runtime::Event;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
/// struct Noted { text: String }
///
/// impl Event for Noted {
///     const NAME: &'static str = "Noted";
/// }
/// let noted = Noted::decode(1, br#"{"text":"hello"}"#)?;
/// assert_eq!(noted.text, "hello");
/// # Ok::<(), intent_runtime::DecodeError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "add `#[event]` above `struct {Self}`"
)]
pub trait Event:
    Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// The name it is stored under, unique within its aggregate.
    const NAME: &'static str;
    /// The version of its shape, from 1 to [`SchemaVersion::MAX`]; stored with every payload.
    const VERSION: u32 = 1;
    /// The oldest version whose readers can read a payload of [`VERSION`](Self::VERSION) if they ignore fields that they do not
    /// know; `None` if only readers that know the version can. Stored with the version.
    const READABLE_BY: Option<u32> = None;
    /// The names it was stored under before. An event under one of them is this event, in any version.
    const FORMERLY: &'static [&'static str] = &[];
    /// Its doc comment.
    const DOC: &'static str = "";
    /// The keys that its steps take away and add, so that [`lock::check!`](crate::lock) can compare them with what is recorded.
    /// `#[event]` fills it from the notes. A step that is a function has no entry.
    const STEPS: &'static [KeyChange] = &[];

    /// Reads a payload stored under [`NAME`](Self::NAME); `version` is the stored number. The current version, and a newer one
    /// that is marked as readable, are read from the bytes, an older one through [`upcast`](Self::upcast).
    ///
    /// # Errors
    /// When the payload does not have the shape of its version, or the version is not known.
    #[inline]
    fn decode(version: u32, payload: &[u8]) -> Result<Self, DecodeError> {
        if version == Self::VERSION || version == const { SchemaVersion::of::<Self>().stored() } {
            return serde_json::from_slice(payload).map_err(DecodeError::Payload);
        }
        upcast::decode_other(SchemaVersion::from_stored(version), payload)
    }

    /// Reads a payload of another version than the current one.
    ///
    /// # Errors
    /// When no chain leads from that version to the current one, or a step of it fails.
    fn upcast(version: u32, payload: &[u8]) -> Result<Self, DecodeError> {
        let _ = payload;
        Err(DecodeError::version(version, Self::VERSION))
    }

    /// The structs that older versions are read through, the oldest first: `#[event(from = V1)]` lists the predecessors of
    /// `V1`, then `V1`. [`lock::check!`](crate::lock) holds their shapes too.
    fn predecessors() -> Vec<EventKind> {
        Vec::new()
    }
}

/// All events of one aggregate: the enum that `#[derive(Aggregate)]` writes.
///
/// Before the JSON of [`encode`](Self::encode) is stored, [`decode_one`](Self::decode_one) reads it back. If the event is no
/// longer equal, it is refused with [`SendError::NotReadBack`](crate::SendError::NotReadBack).
pub trait AggregateEvent: fmt::Debug + PartialEq + Sized + Send + Sync + 'static {
    /// The stored name of this event's kind.
    fn name(&self) -> &'static str;

    /// The version of this event's shape, as it is stored: [`SchemaVersion::stored`].
    fn schema_version(&self) -> u32;

    /// The payload to store.
    ///
    /// # Errors
    /// When the event's own `Serialize` fails.
    fn encode(&self) -> Result<Box<RawValue>, serde_json::Error>;

    /// Reads a stored event of one of today's kinds, under any name and version of it.
    ///
    /// # Errors
    /// [`DecodeError::UnknownEvent`] for a name that none of them has or had; otherwise for a version without a chain, or a
    /// payload of another shape.
    fn decode_one(name: &str, version: u32, payload: &[u8]) -> Result<Self, DecodeError>;

    /// Reads a stored event of a past kind: its parts in order if it was split, nothing if it was retired. `None` if no past
    /// kind has the name.
    ///
    /// It is a function of its own so that [`decode_one`](Self::decode_one) costs common events nothing more.
    fn decode_past(
        name: &str,
        version: u32,
        payload: &[u8],
    ) -> Option<Result<Vec<Self>, DecodeError>> {
        let _ = (name, version, payload);
        None
    }

    /// Reads a stored event of any known name and version: as one event, or as several or none where it has been split
    /// or retired.
    ///
    /// # Errors
    /// [`DecodeError`] for an unknown name, a version without a chain, or a payload of another shape.
    #[inline]
    fn decode(name: &str, version: u32, payload: &[u8]) -> Result<Decoded<Self>, DecodeError> {
        match Self::decode_one(name, version, payload) {
            Ok(event) => Ok(Decoded::One(event)),
            Err(unread) => decode_past(unread, name, version, payload).map(Decoded::Several),
        }
    }

    /// The kinds of events, for the catalogue.
    fn kinds() -> Vec<EventKind>;

    /// The kinds of past events that are read as others, for the catalogue: `#[aggregate(split(..))]`.
    fn split() -> Vec<EventKind> {
        Vec::new()
    }

    /// The names of past events that are read as nothing, in any version: `#[aggregate(retired(..))]`.
    fn retired() -> &'static [&'static str] {
        &[]
    }
}

/// Reads a past event after [`AggregateEvent::decode_one`] failed; otherwise returns that error.
#[cold]
pub(crate) fn decode_past<E: AggregateEvent>(
    unread: DecodeError,
    name: &str,
    version: u32,
    payload: &[u8],
) -> Result<Vec<E>, DecodeError> {
    match unread {
        DecodeError::UnknownEvent { .. } => {
            E::decode_past(name, version, payload).unwrap_or(Err(unread))
        }
        unread => Err(unread),
    }
}

/// An event of aggregate `A`: one impl for each that it lists.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of `{A}`",
    label = "not an event of `{A}`",
    note = "add it to `events(..)` of `{A}`"
)]
pub trait EventOf<A: Aggregate>: Event + Into<A::Event> {
    /// This kind of event, if `event` is one.
    fn from_event(event: &A::Event) -> Option<&Self>;
}

/// A past event of aggregate `A`, which is read as others: one impl for each that `#[aggregate(split(..))]` names.
pub trait SplitOf<A: Aggregate>: Event {
    /// Appends its parts in order.
    fn split(self, events: &mut Vec<A::Event>);
}
