//! Events: what a domain declares ([`Event`]), what an aggregate lists ([`AggregateEvent`]), what a store keeps.

use std::{any::TypeId, borrow::Cow, fmt, ops::Deref, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    Aggregate, AggregateId, DecodeError, Decoded, EncodedMetadata, EventId, Id, KeyChange,
    LoadError, Metadata, Position, SchemaVersion, StoreError, StreamId, TenantId, Timestamp,
    Version, catalogue::Shape, store::AggregateType, upcast,
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
    /// The oldest version whose readers can take a payload of [`VERSION`](Self::VERSION) as it is, fields that they do not
    /// know left aside; `None` if only those can that know the version. Stored with the version.
    const READABLE_BY: Option<u32> = None;
    /// The names it was stored under before: an event of one of them is this event, at whatever version.
    const FORMERLY: &'static [&'static str] = &[];
    /// Its doc comment.
    const DOC: &'static str = "";
    /// What its steps expect of a payload's keys, so that [`lock::check!`](crate::lock) can hold it to what is recorded.
    /// `#[event]` fills it from the notes; a step that is a function has no entry.
    const STEPS: &'static [KeyChange] = &[];

    /// Reads a payload stored under [`NAME`](Self::NAME) at any version, given as it is stored: the current one, and a newer
    /// one that is marked as readable, straight from the bytes, an older one through [`upcast`](Self::upcast).
    ///
    /// # Errors
    /// When the payload does not have the shape of its version, or the version is not known.
    #[inline]
    fn decode(version: u32, payload: &[u8]) -> Result<Self, DecodeError> {
        if version == Self::VERSION || version == const { SchemaVersion::of::<Self>().stored() } {
            return serde_json::from_slice(payload).map_err(DecodeError::payload);
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

    /// The structs that older versions are read through, from the oldest on: `#[event(from = V1)]` lists `V1` and what
    /// that lists. [`lock::check!`](crate::lock) holds their shapes too.
    fn predecessors() -> Vec<EventKind> {
        Vec::new()
    }
}

/// All events of one aggregate: the enum that `#[derive(Aggregate)]` writes.
///
/// What [`encode`](Self::encode) writes is read back by [`decode_one`](Self::decode_one) before it is stored; an event that
/// comes back unequal is refused: [`SendError::NotReadBack`](crate::SendError::NotReadBack).
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

    /// Reads a stored event of a kind that is no more: its parts in order if it was split, nothing if it was retired. `None`
    /// if the name is not that of such a kind.
    ///
    /// Apart from [`decode_one`](Self::decode_one), so that what almost every event is pays nothing for what few are.
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

    /// The kinds of events there are, for the catalogue.
    fn kinds() -> Vec<EventKind>;

    /// The kinds of past events that are read as others, for the catalogue: `#[aggregate(split(..))]`.
    fn split() -> Vec<EventKind> {
        Vec::new()
    }

    /// The names of past events that are read as nothing, at whatever version: `#[aggregate(retired(..))]`.
    fn retired() -> &'static [&'static str] {
        &[]
    }
}

/// Reads what [`AggregateEvent::decode_one`] could not, or says why it could not.
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
    /// Appends what becomes of it, in order.
    fn split(self, events: &mut Vec<A::Event>);
}

/// One kind of event, as the catalogue knows it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EventKind {
    /// [`Event::NAME`].
    pub name: &'static str,
    /// [`Event::FORMERLY`].
    pub formerly: &'static [&'static str],
    /// [`Event::VERSION`]; this one and all before it are read.
    pub version: u32,
    /// [`Event::READABLE_BY`].
    pub readable_by: Option<u32>,
    /// [`Event::DOC`].
    pub doc: &'static str,
    /// Whether it creates the aggregate.
    pub creates: bool,
    /// The fields of the aggregate that it changes; `None` where a function of the user's decides.
    pub changes: Option<&'static [&'static str]>,
    pub(crate) type_id: TypeId,
    pub(crate) shape: Shape,
    pub(crate) steps: &'static [KeyChange],
    predecessors: fn() -> Vec<EventKind>,
}

impl EventKind {
    /// The kind that `E` is.
    pub const fn of<E: Event>() -> Self {
        Self {
            name: E::NAME,
            formerly: E::FORMERLY,
            version: E::VERSION,
            readable_by: E::READABLE_BY,
            doc: E::DOC,
            creates: false,
            changes: None,
            type_id: TypeId::of::<E>(),
            shape: Shape::of::<E>(),
            steps: E::STEPS,
            predecessors: E::predecessors,
        }
    }

    /// The names it is read under: its own and its former ones.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.formerly.iter().copied())
    }

    /// The same kind, as one that creates the aggregate.
    #[must_use]
    pub const fn creating(mut self) -> Self {
        self.creates = true;
        self
    }

    /// The same kind, as one that changes these fields of the aggregate and no others.
    #[must_use]
    pub const fn changing(mut self, fields: &'static [&'static str]) -> Self {
        self.changes = Some(fields);
        self
    }

    /// [`Event::predecessors`].
    pub fn predecessors(&self) -> Vec<Self> {
        (self.predecessors)()
    }

    /// The JSON Schema of its current payload.
    pub fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        self.shape.schema(generator)
    }
}

/// An event about to be stored. Its id follows from its command's and its place among the events of it: [`EventId::of`].
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Its stored name: 1 to 255 bytes, no control characters.
    pub event_type: Cow<'static, str>,
    /// The version of its shape, as it is stored: [`SchemaVersion::stored`].
    pub schema_version: u32,
    /// Its payload: JSON, at most 16 MiB, kept to the byte.
    pub payload: Box<RawValue>,
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedEvent {
    /// Its place in the whole log.
    pub position: Position,
    /// Its id.
    pub id: EventId,
    /// The tenant it belongs to.
    pub tenant_id: TenantId,
    /// The type of the aggregate it belongs to, by the name that the stream was begun under: see [`is_of`](Self::is_of).
    pub aggregate_type: String,
    /// The aggregate it belongs to.
    pub aggregate_id: AggregateId,
    /// Its number in that aggregate's stream, from 1.
    pub version: Version,
    /// Its stored name.
    pub event_type: String,
    /// The version of its shape, as it is stored: [`SchemaVersion::from_stored`] tells what it means.
    pub schema_version: u32,
    /// Its payload, as it was stored.
    pub payload: String,
    /// Who, why and where from, with the JSON as it is stored.
    pub metadata: EncodedMetadata,
    /// The store's clock when it was stored.
    pub recorded_at: Timestamp,
}

impl RecordedEvent {
    /// The stream it stands in.
    pub fn stream(&self) -> StreamId {
        StreamId {
            tenant_id: self.tenant_id,
            aggregate_type: self.aggregate_type.clone().into(),
            aggregate_id: self.aggregate_id,
        }
    }

    /// When it happened in the domain: the metadata's time, or else when it was stored.
    pub fn occurred_at(&self) -> Timestamp {
        self.metadata.timestamp.unwrap_or(self.recorded_at)
    }

    /// Whether it belongs to an aggregate of this type, under its name or a former one.
    pub fn is_of<A: Aggregate>(&self) -> bool {
        AggregateType::of::<A>().is(&self.aggregate_type)
    }

    /// The typed event of an aggregate, in today's shape, whatever shape it was stored in; several or none of one that has
    /// been split or retired.
    ///
    /// # Errors
    /// [`LoadError::Decode`] for an unknown name, a version without a chain, or a payload of another shape;
    /// [`StoreError::WrongAggregate`] if it belongs to an aggregate of another type.
    pub fn decode<A: Aggregate>(self) -> Result<Decoded<Recorded<A::Event>>, LoadError> {
        let id = Id::<A>::from_uuid(self.aggregate_id.as_uuid());
        let stream = || StreamId::of(self.tenant_id, id);
        if !self.is_of::<A>() {
            return Err(LoadError::Store(StoreError::WrongAggregate {
                stream: stream(),
                found: self.aggregate_type,
            }));
        }
        let payload = self.payload.as_bytes();
        match A::Event::decode(&self.event_type, self.schema_version, payload) {
            Ok(events) => Ok(Recorded::all(events, self)),
            Err(source) => Err(LoadError::Decode {
                stream: stream(),
                version: self.version,
                event: self.event_type,
                schema_version: SchemaVersion::from_stored(self.schema_version).number(),
                source: Box::new(source),
            }),
        }
    }
}

/// A typed event together with what the store knows of it, which is the same for all parts of an event that was split.
///
/// It derefs to the event. What the store knows comes from methods, so that no field of the event is hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded<E> {
    /// The event, in today's shape.
    pub event: E,
    source: Arc<RecordedEvent>,
}

impl<E> Recorded<E> {
    /// Puts what was decoded beside what is stored of it.
    fn all(events: Decoded<E>, source: RecordedEvent) -> Decoded<Self> {
        let source = Arc::new(source);
        let beside = |event| Self {
            event,
            source: Arc::clone(&source),
        };
        match events {
            Decoded::One(event) => Decoded::One(beside(event)),
            Decoded::Several(events) => Decoded::Several(events.into_iter().map(beside).collect()),
        }
    }

    /// The event's id.
    pub fn id(&self) -> EventId {
        self.source.id
    }

    /// Its number in its stream, from 1.
    pub fn version(&self) -> Version {
        self.source.version
    }

    /// Its place in the whole log.
    pub fn position(&self) -> Position {
        self.source.position
    }

    /// The store's clock when it was stored.
    pub fn recorded_at(&self) -> Timestamp {
        self.source.recorded_at
    }

    /// When it happened in the domain: the metadata's time, or else when it was stored.
    pub fn occurred_at(&self) -> Timestamp {
        self.source.occurred_at()
    }

    /// Who, why and where from.
    pub fn metadata(&self) -> &Metadata {
        &self.source.metadata
    }

    /// The tenant it belongs to.
    pub fn tenant_id(&self) -> TenantId {
        self.source.tenant_id
    }

    /// The aggregate it belongs to. [`AggregateId::typed`] makes it an [`Id`].
    pub fn aggregate_id(&self) -> AggregateId {
        self.source.aggregate_id
    }

    /// The event as it is stored: with its stored name, the version of its shape, and its payload.
    pub fn source(&self) -> &RecordedEvent {
        &self.source
    }
}

impl<E> Deref for Recorded<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.event
    }
}
