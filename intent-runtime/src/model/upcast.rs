//! Reading stored payloads: the errors, and the chain of steps from an old shape to today's.

use serde::de::DeserializeOwned;

use crate::model::{event::Event, json_object::JsonObject, schema_version::SchemaVersion};

/// Why a stored event cannot be read.
///
/// Handling: the data stays as it is. Deploy a build that knows the event and its version, or fix the chain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// No event of the aggregate has this stored name.
    #[error("no event of the aggregate is stored as `{name}`")]
    UnknownEvent {
        /// The stored name.
        name: String,
    },
    /// The payload was written by a newer build.
    #[error("it was written in version {stored}, this build reads versions up to {current}")]
    FutureVersion {
        /// The version of the stored payload.
        stored: u32,
        /// The newest version this build knows.
        current: u32,
    },
    /// No chain of upcasting steps begins at this version.
    #[error("no upcasting step leads from version {stored} to the current version {current}")]
    NoChain {
        /// The version of the stored payload.
        stored: u32,
        /// The current version.
        current: u32,
    },
    /// A snapshot was taken by a build with other fields or rules. Handling: none, the stream is replayed instead.
    #[error(
        "the snapshot is stale: it was taken under other fields or rules (version {stored}, this build's is {current})"
    )]
    StaleSnapshot {
        /// The version of the stored state.
        stored: u32,
        /// [`Snapshot::version`](crate::Snapshot::version).
        current: u32,
    },
    /// The payload does not have the shape of its version.
    #[error("its payload does not have the expected shape")]
    Payload(#[source] serde_json::Error),
    /// A step of the chain refused the payload.
    #[error("upcasting it from version {from} failed")]
    Step {
        /// The version that the failing step reads.
        from: u32,
        /// What the step said.
        source: Box<UpcastError>,
    },
}

impl DecodeError {
    /// No event is stored under this name.
    pub fn unknown_event(name: &str) -> Self {
        Self::UnknownEvent { name: name.into() }
    }

    /// A payload of version `stored` has no way to version `current`.
    pub fn version(stored: u32, current: u32) -> Self {
        if stored > current {
            return Self::FutureVersion { stored, current };
        }
        Self::NoChain { stored, current }
    }

    /// A snapshot of version `stored` is not one of version `current`: neither is older, they only differ.
    pub fn stale_snapshot(stored: u32, current: u32) -> Self {
        Self::StaleSnapshot { stored, current }
    }
}

/// Why an upcasting step could not turn a payload into the next version's shape.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpcastError {
    /// The payload is not a JSON object.
    #[error("the payload is not a JSON object")]
    NotAnObject(#[source] serde_json::Error),
    /// The payload lacks a field that the step needs.
    #[error("it has no field `{field}`")]
    Missing {
        /// The field's key.
        field: String,
    },
    /// A field has another value than the step expects.
    #[error("its field `{field}` is not what the step expects")]
    Field {
        /// The field's key.
        field: String,
        /// What serde said.
        source: serde_json::Error,
    },
    /// The payload already has a field that the step adds.
    #[error("it has a field `{field}` already")]
    Occupied {
        /// The field's key.
        field: String,
    },
    /// An error of the user's own step.
    #[error("{0}")]
    Custom(String),
}

impl UpcastError {
    /// What serde says of the value of a field.
    pub(crate) fn field(key: &str) -> impl FnOnce(serde_json::Error) -> Self {
        move |source| Self::Field {
            field: key.to_owned(),
            source,
        }
    }

    pub(crate) fn occupied(key: &str) -> Self {
        Self::Occupied {
            field: key.to_owned(),
        }
    }

    /// An error in a step's own words: one lower-case sentence without a full stop.
    pub fn new(message: impl Into<String>) -> Self {
        Self::Custom(message.into())
    }
}

/// Reads a payload that is not stored as one of the current version.
pub(crate) fn decode_other<E: Event>(
    version: SchemaVersion,
    payload: &[u8],
) -> Result<E, DecodeError> {
    if version.reads_as(E::VERSION) {
        return serde_json::from_slice(payload).map_err(DecodeError::Payload);
    }
    E::upcast(version.number(), payload)
}

/// The keys that one step of an event takes away and adds: see [`Event::STEPS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The version that the step leads to.
    pub to: u32,
    /// The keys of fields that the step renames or removes: version `to - 1` has them.
    pub expects: &'static [&'static str],
    /// The keys that the step adds. Version `to - 1` has none of them, except those that the step takes away.
    pub adds: &'static [&'static str],
}

/// One step of a chain, from one version to the next.
pub type UpcastStep = fn(JsonObject) -> Result<JsonObject, UpcastError>;

/// Takes a payload of `version` through the remaining steps; `steps[0]` reads version 1.
///
/// # Errors
/// When the version lies outside the chain, a step fails, or the result is not a current payload.
pub fn run_steps<E: Event + DeserializeOwned>(
    version: u32,
    payload: &[u8],
    steps: &[UpcastStep],
) -> Result<E, DecodeError> {
    let first = usize::try_from(version)
        .ok()
        .and_then(|version| version.checked_sub(1));
    let Some(rest) = first
        .and_then(|first| steps.get(first..))
        .filter(|rest| !rest.is_empty())
    else {
        return Err(DecodeError::version(version, E::VERSION));
    };
    // Boxed to keep `Result` small: every decoded event is moved in one.
    let step_error = |from| {
        move |source| DecodeError::Step {
            from,
            source: Box::new(source),
        }
    };
    let mut object = JsonObject::parse(payload).map_err(step_error(version))?;
    for (from, step) in (version..).zip(rest) {
        object = step(object).map_err(step_error(from))?;
    }
    object.deserialize().map_err(DecodeError::Payload)
}
