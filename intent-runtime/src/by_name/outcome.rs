//! What came of a command that was sent or tried by name.

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use crate::{
    by_name::state_view::StateView,
    dispatch::{error::SendError, options::Receipt},
    model::{
        aggregate::Aggregate, any_command::AnyRefusal, event::AggregateEvent,
        schema_version::SchemaVersion, shown::Shown,
    },
    record::{
        cursor::Cursor,
        id::{AggregateId, CommandId},
        timestamp::Timestamp,
        version::Version,
    },
};

/// An event in today's shape, by name.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct EventJson {
    /// Its name.
    pub name: &'static str,
    /// The version of its shape.
    pub schema_version: u32,
    /// Its payload: JSON, unless its `Serialize` fails.
    pub payload: Shown,
}

impl EventJson {
    pub(crate) fn of<E: AggregateEvent>(event: &E) -> Self {
        let payload = match event.encode() {
            Ok(json) => Shown::Json(json),
            Err(_) => Shown::Debug(format!("{event:?}")),
        };
        Self {
            name: event.name(),
            schema_version: SchemaVersion::from_stored(event.schema_version()).number(),
            payload,
        }
    }
}

/// The effect of a command that was sent by name: what a [`Receipt`] says, without types.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Sent {
    /// The name of the aggregate.
    pub aggregate: &'static str,
    /// Which aggregate.
    pub id: AggregateId,
    /// The version of the aggregate after the command's events; if there were none, its version at the time.
    pub version: Version,
    /// The events of the command, in order; none if there was nothing to do.
    pub events: Vec<EventJson>,
    /// Where a reader of the log stands that has read the command's events; `None` without events.
    pub cursor: Option<Cursor>,
    /// The store's clock when the events were stored; `None` without events.
    pub recorded_at: Option<Timestamp>,
    /// The id of the command, given or new.
    pub command_id: CommandId,
    /// Whether the events were stored when the command was sent before, under the same command id.
    pub repeated: bool,
}

impl Sent {
    pub(super) fn of<A: Aggregate>(receipt: Receipt<A>) -> Self {
        Self {
            aggregate: A::TYPE,
            id: receipt.id.into(),
            version: receipt.version,
            events: receipt.events.iter().map(EventJson::of).collect(),
            cursor: receipt.cursor,
            recorded_at: receipt.recorded_at,
            command_id: receipt.command_id,
            repeated: receipt.repeated,
        }
    }
}

/// What a command would do, decided on a state of now or of the past. Nothing was stored.
///
/// It serializes as a JSON object: `aggregate`, `id`, `version`, `before`, and either `events` and `after`, or `refused` in the
/// form of a [`ByNameError`](crate::ByNameError).
#[derive(Debug)]
#[non_exhaustive]
pub struct Tried {
    /// The name of the aggregate.
    pub aggregate: &'static str,
    /// Which aggregate.
    pub id: AggregateId,
    /// The version that the command was decided on; [`Version::NONE`] if the aggregate did not exist.
    pub version: Version,
    /// The state that it was decided on, if the aggregate existed.
    pub before: Option<StateView>,
    /// What sending it would store, or why it would store nothing.
    pub outcome: Result<Proposed, SendError<AnyRefusal>>,
}

/// What a command would store.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Proposed {
    /// The events, in order; none if there is nothing to do.
    pub events: Vec<EventJson>,
    /// The state after them; `None` if the aggregate does not exist then either.
    pub after: Option<StateView>,
}

impl Serialize for Tried {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("aggregate", self.aggregate)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("version", &self.version)?;
        map.serialize_entry("before", &self.before)?;
        match &self.outcome {
            Ok(Proposed { events, after }) => {
                map.serialize_entry("events", events)?;
                map.serialize_entry("after", after)?;
            }
            Err(error) => map.serialize_entry("refused", error)?,
        }
        map.end()
    }
}
