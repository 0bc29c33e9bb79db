//! Decides which appends of a batch fit, which conflict, and which were stored before. It runs no SQL: one statement found all
//! that it needs.

use std::collections::HashMap;

use crate::{
    record::{
        id::{AggregateId, CommandId, EventId, TenantId},
        timestamp::Timestamp,
        version::{Position, Version},
    },
    store::{
        append::{Append, Appended},
        error::StoreError,
    },
};

/// What the database has for an append.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// The stream, if it exists.
    pub(super) stream: Option<Stream>,
    /// The stream that the append's command stored events in.
    pub(super) seen: Option<(AggregateId, String)>,
}

/// A stream that exists.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) version: Version,
    pub(super) aggregate_type: String,
    pub(super) last: Last,
}

/// The event that a stream ends with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Last {
    Stored(EventId),
    /// The last event of a command in the same batch, which stores this many events. Its id is a hash, which most appends never
    /// need.
    Emitted(CommandId, usize),
}

impl Last {
    fn id(self) -> EventId {
        match self {
            Self::Stored(id) => id,
            Self::Emitted(command, count) => EventId::of_last(command, count),
        }
    }
}

/// What happens with an append.
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
    /// The place of its last event, known once it is written.
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

/// Decides in order: each append sees the appends before it in the batch.
pub(super) struct Decider {
    streams: HashMap<(TenantId, AggregateId), Stream>,
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
    /// Why the append is refused.
    pub(super) fn decide(&mut self, append: &Append, found: Found) -> Result<Verdict, StoreError> {
        let stream = &append.stream;
        let command = (stream.tenant_id, EventId::of(append.command_id, 0));
        let key = (stream.tenant_id, stream.aggregate_id);
        if let Some((id, of_type)) = found.seen.as_ref().or_else(|| self.commands.get(&command)) {
            append.check_seen(*id, of_type.clone())?;
            return Ok(Verdict::Before);
        }
        let known = self.streams.get(&key).or(found.stream.as_ref());
        let (before, after) = append.versions(
            known.map(|known| (known.version, &*known.aggregate_type)),
            || known.map(|known| known.last.id()),
        )?;
        let aggregate_type = match known {
            Some(begun) => begun.aggregate_type.clone(),
            None => stream.aggregate_type.to_string(),
        };
        self.commands
            .insert(command, (stream.aggregate_id, aggregate_type.clone()));
        let stream = Stream {
            version: after,
            aggregate_type: aggregate_type.clone(),
            last: Last::Emitted(append.command_id, append.events.len()),
        };
        self.streams.insert(key, stream);
        Ok(Verdict::Accept(Accepted {
            before,
            after,
            aggregate_type,
            position: Position::new(0),
            recorded_at: self.recorded_at,
        }))
    }
}
