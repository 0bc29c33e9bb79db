//! Which appends of a batch fit, conflict or were seen before. No SQL: it is decided from what one statement found.

use std::collections::HashMap;

use crate::{
    AggregateId, EventId, Position, StoreError, StreamId, TenantId, Timestamp, Version,
    store::{Append, Appended},
};

/// What the database has for an append.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// The stream's version and aggregate type, if it exists.
    pub(super) stream: Option<(Version, String)>,
    /// The stream that the append's command stored events in.
    pub(super) seen: Option<(AggregateId, String)>,
}

/// What is to become of an append.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its events are stored after this version.
    Accept(Accepted),
    /// The command was seen before, for the same stream.
    Before,
}

/// An append that fits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    /// The stream's version before it.
    pub(super) before: Version,
    /// The stream's version after it.
    pub(super) after: Version,
    /// The name of its type that the stream was begun under.
    pub(super) aggregate_type: String,
    /// The place of its last event, told when it is written.
    pub(super) position: Position,
    /// The writer's clock, one time for the whole batch.
    pub(super) recorded_at: Timestamp,
}

impl From<Accepted> for Appended {
    fn from(accepted: Accepted) -> Self {
        Self::Stored {
            version: accepted.after,
            position: accepted.position,
            recorded_at: accepted.recorded_at,
        }
    }
}

/// Decides in order: an append sees what those before it in the batch did.
pub(super) struct Decider {
    streams: HashMap<(TenantId, AggregateId), (Version, String)>,
    commands: HashMap<(TenantId, EventId), (AggregateId, String)>,
    recorded_at: Timestamp,
}

impl Decider {
    pub(super) fn new(recorded_at: Timestamp) -> Self {
        Self {
            streams: HashMap::new(),
            commands: HashMap::new(),
            recorded_at,
        }
    }

    /// Decides on the next append.
    ///
    /// # Errors
    /// Why it is refused.
    pub(super) fn decide(&mut self, append: &Append, found: Found) -> Result<Verdict, StoreError> {
        let stream = &append.stream;
        let command = (stream.tenant_id, EventId::of(append.command_id, 0));
        let key = (stream.tenant_id, stream.aggregate_id);
        if let Some(seen) = found.seen.as_ref().or_else(|| self.commands.get(&command)) {
            return seen_before(append, seen);
        }
        let known = self.streams.get(&key).or(found.stream.as_ref());
        let before = version_of(stream, known)?;
        if !append.expect.allows(before) {
            return Err(StoreError::Conflict {
                stream: stream.clone(),
                expected: append.expect,
                actual: before,
            });
        }
        let after = append.version_after(before)?;
        let aggregate_type = match known {
            Some((_, begun_under)) => begun_under.clone(),
            None => stream.aggregate_type.to_string(),
        };
        self.commands
            .insert(command, (stream.aggregate_id, aggregate_type.clone()));
        self.streams.insert(key, (after, aggregate_type.clone()));
        Ok(Verdict::Accept(Accepted {
            before,
            after,
            aggregate_type,
            position: Position::new(0),
            recorded_at: self.recorded_at,
        }))
    }
}

fn seen_before(append: &Append, seen: &(AggregateId, String)) -> Result<Verdict, StoreError> {
    let (aggregate_id, aggregate_type) = seen;
    let stream = &append.stream;
    if *aggregate_id == stream.aggregate_id && stream.aggregate_type.is(aggregate_type) {
        return Ok(Verdict::Before);
    }
    Err(StoreError::CommandIdReused {
        command_id: append.command_id,
        used_for: StreamId {
            tenant_id: stream.tenant_id,
            aggregate_type: aggregate_type.clone().into(),
            aggregate_id: *aggregate_id,
        },
    })
}

fn version_of(stream: &StreamId, known: Option<&(Version, String)>) -> Result<Version, StoreError> {
    match known {
        None => Ok(Version::NONE),
        Some((version, found)) if stream.aggregate_type.is(found) => Ok(*version),
        Some((_, found)) => Err(StoreError::WrongAggregate {
            stream: stream.clone(),
            found: found.clone(),
        }),
    }
}
