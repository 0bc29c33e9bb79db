//! Snapshots: a cache of an aggregate's state. The events stay its only source.

use serde_json::value::RawValue;

use crate::{
    model::{aggregate::Aggregate, upcast::DecodeError},
    record::{
        snapshot::{NewSnapshot, StoredSnapshot},
        version::Version,
    },
};

/// An aggregate whose state can be kept. `#[aggregate(snapshot(every = 100))]` implements it, writing the state's
/// own serde form.
#[diagnostic::on_unimplemented(
    message = "aggregate `{Self}` keeps no snapshots",
    label = "no snapshots of `{Self}`",
    note = "add `snapshot(every = 100)` to `#[aggregate(..)]` of `{Self}`"
)]
pub trait Snapshot: Aggregate {
    /// A snapshot is taken when an append crosses a multiple of this many events.
    const EVERY: u64;
    /// The version of the state as its author counts, from 1: `snapshot(version = 2)`.
    const NUMBER: u32 = 1;
    /// A number for the form and the rules of the state. A snapshot with another number is stale, and the stream is replayed
    /// instead, unless the state is converted from that of a predecessor with this number.
    ///
    /// `#[aggregate(snapshot(..))]` computes it once in a process, from [`NUMBER`](Self::NUMBER), the fields with the JSON Schema
    /// of their types, their rules, the lists of events, and the name, version and JSON Schema of each event that changes the
    /// state; and from values: the `Default` of a field, the value of a rule without a closure, and what `#[serde(default)]`
    /// gives a missing field. Once one of these has changed, the snapshots of older builds are stale, whether or not you raise
    /// the number. A value that differs at every call, such as the time, does not count, and the log warns of it.
    ///
    /// It does not see into your functions. Raise the number after a change of what `Moved => Self::moved` does, an operator, a
    /// step of an event, a function that a rule calls, or one behind `serde(with = ..)`.
    ///
    /// By default it is `NUMBER`. An implementation must be cheap, and return the same at each call.
    fn version() -> u32 {
        Self::NUMBER
    }

    /// The state as JSON.
    ///
    /// # Errors
    /// When a field's own `Serialize` fails.
    fn encode_state(&self) -> Result<Box<RawValue>, serde_json::Error>;

    /// The state that JSON of shape `version` holds.
    ///
    /// # Errors
    /// If the version differs or the JSON does not fit. The snapshot is then ignored, and the stream replayed.
    fn decode_state(version: u32, state: &[u8]) -> Result<Self, DecodeError>;
}

/// How the snapshots of an aggregate are taken and read; what [`Aggregate::snapshots`] returns.
#[derive(Debug)]
pub struct SnapshotCodec<A> {
    every: u64,
    version: u32,
    encode: fn(&A) -> Result<Box<RawValue>, serde_json::Error>,
    decode: fn(u32, &[u8]) -> Result<A, DecodeError>,
}

impl<A: Snapshot> SnapshotCodec<A> {
    /// The codec of an aggregate that implements [`Snapshot`].
    pub fn of() -> Self {
        Self {
            every: A::EVERY,
            version: A::version(),
            encode: A::encode_state,
            decode: A::decode_state,
        }
    }
}

impl<A> SnapshotCodec<A> {
    /// Whether an append that takes a stream from one version to another calls for a snapshot.
    pub(crate) fn is_due(&self, before: Version, after: Version) -> bool {
        self.every > 0 && before.get() / self.every < after.get() / self.every
    }

    /// The version of the state's shape.
    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    pub(crate) fn encode(
        &self,
        state: &A,
        version: Version,
    ) -> Result<NewSnapshot, serde_json::Error> {
        Ok(NewSnapshot {
            version,
            schema_version: self.version,
            state: (self.encode)(state)?,
        })
    }

    pub(crate) fn decode(&self, snapshot: &StoredSnapshot) -> Result<A, DecodeError> {
        (self.decode)(snapshot.schema_version, snapshot.state.as_bytes())
    }
}
