//! A batch in one transaction: check, decide, insert, commit.
//!
//! Every statement is a trip to the connection's thread and back (10 to 20 µs), so a batch takes few: one to begin
//! and check, one for up to 64 events, one for each snapshot, one to commit.

use std::collections::HashMap;

use serde::Deserialize;
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use crate::{
    record::{
        id::{AggregateId, CommandId, EventId, TenantId},
        timestamp::Timestamp,
        version::{Position, Version},
    },
    store::{
        append::{Append, Appended},
        check::version,
        error::StoreError,
        lookup::correlation_of_appended,
        sqlite::{
            error::Failure,
            inline,
            insert::{self, NewRow},
            snapshot,
        },
    },
};

pub(super) const COMMIT: &str = "COMMIT";

/// Why a batch was not written.
pub(super) enum Unwritten {
    /// A statement failed, so nothing can have been written.
    Before(Failure),
    Commit(Failure),
}

impl From<sqlx::Error> for Unwritten {
    fn from(error: sqlx::Error) -> Self {
        Self::Before(error.into())
    }
}

/// Writes appends in one transaction. After an error the transaction may still be open.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    appends: &[&Append],
) -> Result<Vec<Result<Verdict, StoreError>>, Unwritten> {
    let found = begin_and_find(connection, appends.iter().map(|append| key(append))).await?;
    let verdicts = write_appends(connection, appends, found).await?;
    let committed = sqlx::query(COMMIT).execute(connection).await;
    committed.map_err(|error| Unwritten::Commit(error.into()))?;
    Ok(verdicts)
}

/// Writes one append in a transaction that is open.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    append: &Append,
) -> Result<Result<Verdict, StoreError>, sqlx::Error> {
    let keys = [key(append)].into_iter();
    let found = find(connection, include_str!("sql/check.sql"), keys).await?;
    let verdict = write_appends(connection, &[append], found).await?.pop();
    verdict.ok_or(sqlx::Error::RowNotFound)
}

/// Decides on every append by what it meets, and writes those that are accepted, in order.
async fn write_appends(
    connection: &mut SqliteConnection,
    appends: &[&Append],
    found: Vec<Found>,
) -> Result<Vec<Result<Verdict, StoreError>>, sqlx::Error> {
    let mut decider = Decider {
        streams: HashMap::new(),
        commands: HashMap::new(),
        recorded_at: Timestamp::now(),
    };
    let mut verdicts = Vec::with_capacity(appends.len());
    for (append, found) in appends.iter().zip(found) {
        let before = decider.known(append);
        let mut verdict = decider.decide(append, found);
        if matches!(verdict, Ok(Verdict::Accept(_)))
            && let Err(taken) = inline::write(connection, append).await?
        {
            decider.revoke(append, before);
            verdict = Err(taken);
        }
        verdicts.push(verdict);
    }
    let rows = accepted(appends, &verdicts).flat_map(rows_of);
    let rows: Vec<NewRow<'_>> = rows.collect();
    let last = insert::rows(connection, &rows).await?;
    for (append, _) in accepted(appends, &verdicts) {
        if let Some(new) = &append.snapshot {
            snapshot::keep(connection, &append.stream, new).await?;
        }
    }
    tell_positions(rows.len(), last, &mut verdicts);
    Ok(verdicts)
}

/// What an append is checked against: its stream, and the id of its first event.
fn key(append: &Append) -> (TenantId, AggregateId, EventId) {
    let stream = &append.stream;
    let first = EventId::of(append.command_id, 0);
    (stream.tenant_id, stream.aggregate_id, first)
}

/// Takes the write lock, and finds what is stored for each of these: the stream of a tenant, and the id of an event in it. One
/// text with both statements costs one trip to the connection's thread.
pub(super) async fn begin_and_find(
    connection: &mut SqliteConnection,
    wanted: impl ExactSizeIterator<Item = (TenantId, AggregateId, EventId)>,
) -> Result<Vec<Found>, sqlx::Error> {
    let text = concat!("BEGIN IMMEDIATE;", include_str!("sql/check.sql"));
    find(connection, text, wanted).await
}

async fn find(
    connection: &mut SqliteConnection,
    text: &'static str,
    wanted: impl ExactSizeIterator<Item = (TenantId, AggregateId, EventId)>,
) -> Result<Vec<Found>, sqlx::Error> {
    let mut found = vec![Found::default(); wanted.len()];
    let mut keys = Vec::with_capacity(wanted.len() * 48);
    for (tenant_id, aggregate_id, event_id) in wanted {
        keys.extend_from_slice(tenant_id.as_uuid().as_bytes());
        keys.extend_from_slice(aggregate_id.as_uuid().as_bytes());
        keys.extend_from_slice(event_id.as_uuid().as_bytes());
    }
    let check = sqlx::query(text).bind(keys);
    let rows = check.fetch_all(connection).await?;
    for row in &rows {
        let met: Vec<Met> = serde_json::from_str(row.try_get(0)?)
            .map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        for Met(number, last, aggregate_type, last_event, seen, seen_type) in met {
            let stream = last.zip(aggregate_type).zip(last_event);
            let stream = stream.map(|((last, aggregate_type), last_event)| Stream {
                version: version(last),
                aggregate_type,
                last: Last::Stored(EventId::from_uuid(last_event)),
            });
            let seen = seen.map(AggregateId::from_uuid).zip(seen_type);
            if let Some(found) = found.get_mut(number) {
                *found = Found { stream, seen };
            }
        }
    }
    Ok(found)
}

/// What is stored for one of them, as `check.sql` lists it.
#[derive(Deserialize)]
struct Met(
    usize,
    Option<i64>,
    Option<String>,
    Option<Uuid>,
    Option<Uuid>,
    Option<String>,
);

fn accepted<'a>(
    appends: &'a [&'a Append],
    verdicts: &'a [Result<Verdict, StoreError>],
) -> impl Iterator<Item = (&'a Append, &'a Accepted)> {
    let appends = appends.iter().zip(verdicts);
    appends.filter_map(|(append, verdict)| match verdict {
        Ok(Verdict::Accept(accepted)) => Some((*append, accepted)),
        _ => None,
    })
}

fn rows_of<'a>((append, accepted): (&'a Append, &'a Accepted)) -> impl Iterator<Item = NewRow<'a>> {
    let stream = &append.stream;
    let correlation_id = correlation_of_appended(append);
    let mut version = accepted.before;
    append.identified().map(move |(event_id, event)| {
        version = version.next();
        NewRow {
            tenant_id: stream.tenant_id,
            aggregate_id: stream.aggregate_id,
            version,
            aggregate_type: &accepted.aggregate_type,
            event_id,
            event_type: &event.event_type,
            schema_version: event.schema_version,
            recorded_at: accepted.recorded_at,
            occurred_at: append.metadata.timestamp.unwrap_or(accepted.recorded_at),
            payload: event.payload.get(),
            metadata: append.metadata.json(),
            correlation_id,
        }
    })
}

/// The one writer inserts without gaps, so all positions follow from the last one.
fn tell_positions(count: usize, last: i64, verdicts: &mut [Result<Verdict, StoreError>]) {
    let last = u64::try_from(last).unwrap_or(0);
    let mut position = last - u64::try_from(count).unwrap_or(0).min(last);
    for verdict in verdicts {
        if let Ok(Verdict::Accept(accepted)) = verdict {
            position += accepted.after.get() - accepted.before.get();
            accepted.position = Position::new(position);
        }
    }
}

/// What the database has for an append.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// The stream, if it exists.
    pub(super) stream: Option<Stream>,
    /// The stream that the append's command stored events in.
    pub(super) seen: Option<(AggregateId, String)>,
}

#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) version: Version,
    pub(super) aggregate_type: String,
    last: Last,
}

/// The event that a stream ends with.
#[derive(Clone, Copy, Debug)]
enum Last {
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

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    /// The stream's version before it.
    before: Version,
    /// The stream's version after it.
    after: Version,
    /// The name of its type that the stream was begun under.
    aggregate_type: String,
    /// The place of its last event, known once it is written.
    position: Position,
    /// The writer's clock, one time for the whole batch.
    recorded_at: Timestamp,
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
struct Decider {
    streams: HashMap<(TenantId, AggregateId), Stream>,
    commands: HashMap<(TenantId, EventId), (AggregateId, String)>,
    recorded_at: Timestamp,
}

impl Decider {
    /// What is known of the append's stream from the appends before it.
    fn known(&self, append: &Append) -> Option<Stream> {
        if append.rows.is_empty() {
            return None;
        }
        let stream = &append.stream;
        let key = (stream.tenant_id, stream.aggregate_id);
        self.streams.get(&key).cloned()
    }

    /// Takes back the acceptance of an append. Before it, this was known of its stream.
    fn revoke(&mut self, append: &Append, before: Option<Stream>) {
        let stream = &append.stream;
        let command = (stream.tenant_id, EventId::of(append.command_id, 0));
        self.commands.remove(&command);
        let key = (stream.tenant_id, stream.aggregate_id);
        match before {
            Some(before) => self.streams.insert(key, before),
            None => self.streams.remove(&key),
        };
    }

    fn decide(&mut self, append: &Append, found: Found) -> Result<Verdict, StoreError> {
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
