//! One transaction: check, decide, insert, commit.
//!
//! Every statement is a trip to the connection's thread and back (10 to 20 µs), so a batch takes few: one to begin
//! and check, one for up to 64 events, one for each snapshot, one to commit.

use std::error::Error;

use serde::Deserialize;
use sqlx::{Row, Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};
use uuid::Uuid;

use super::{
    append::Batch,
    column,
    decide::{Accepted, Decider, Found, Verdict},
    error::Failure,
    snapshot,
};
use crate::{
    AggregateId, EventId, NewEvent, Position, StoreError, Timestamp, Version, store::Append,
};

macro_rules! row {
    () => {
        include_str!("sql/insert_events_row.sql")
    };
}

macro_rules! eight_rows {
    () => {
        concat!(
            row!(),
            ",",
            row!(),
            ",",
            row!(),
            ",",
            row!(),
            ",",
            row!(),
            ",",
            row!(),
            ",",
            row!(),
            ",",
            row!()
        )
    };
}

macro_rules! insert {
    (1) => {
        insert!(@ row!())
    };
    (8) => {
        insert!(@ eight_rows!())
    };
    (64) => {
        insert!(@ concat!(
            eight_rows!(), ",", eight_rows!(), ",", eight_rows!(), ",", eight_rows!(), ",",
            eight_rows!(), ",", eight_rows!(), ",", eight_rows!(), ",", eight_rows!()
        ))
    };
    (@ $rows:expr) => {
        concat!(
            include_str!("sql/insert_events.sql"),
            $rows,
            include_str!("sql/insert_events_end.sql")
        )
    };
}

/// The texts that insert events, each for up to so many. There are few, so that each is compiled once for a connection.
const INSERTS: [(usize, &str); 3] = [(1, insert!(1)), (8, insert!(8)), (64, insert!(64))];
/// A statement's parameters are copied, so many large payloads go in several statements.
const INSERT_BYTES: usize = 16 * 1024 * 1024;

/// What became of a batch, request by request.
pub(super) struct Written {
    pub(super) appends: Vec<Result<Verdict, StoreError>>,
    pub(super) deleted: Vec<u64>,
}

/// Why a batch was not written.
pub(super) enum Unwritten {
    /// A statement failed, so nothing can have been written.
    Before(Failure),
    /// COMMIT failed.
    Commit(Failure),
}

impl From<sqlx::Error> for Unwritten {
    fn from(error: sqlx::Error) -> Self {
        Self::Before(error.into())
    }
}

/// Writes a batch in one transaction. After an error the transaction may still be open.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    batch: &Batch,
) -> Result<Written, Unwritten> {
    let mut written = Written {
        appends: decide(connection, batch).await?,
        deleted: Vec::with_capacity(batch.deletes.len()),
    };
    insert(connection, batch, &mut written.appends).await?;
    for (append, _) in accepted(batch, &written.appends) {
        if let Some(new) = &append.snapshot {
            snapshot::keep(connection, &append.stream, new).await?;
        }
    }
    for save in &batch.saves {
        snapshot::keep(connection, &save.request.stream, &save.request.snapshot).await?;
    }
    for delete in &batch.deletes {
        let deleted = snapshot::delete(connection, &delete.request).await?;
        written.deleted.push(deleted);
    }
    let commit = sqlx::query(include_str!("sql/commit.sql"));
    let committed = commit.execute(connection).await;
    committed.map_err(|error| Unwritten::Commit(error.into()))?;
    Ok(written)
}

/// Takes the write lock and decides on every append.
async fn decide(
    connection: &mut SqliteConnection,
    batch: &Batch,
) -> Result<Vec<Result<Verdict, StoreError>>, Unwritten> {
    if batch.appends.is_empty() {
        let begin = sqlx::query(include_str!("sql/begin.sql"));
        begin.execute(connection).await?;
        return Ok(Vec::new());
    }
    let mut keys = Vec::with_capacity(batch.appends.len() * 48);
    for job in &batch.appends {
        let Append {
            stream, command_id, ..
        } = &job.request;
        keys.extend_from_slice(stream.tenant_id.as_uuid().as_bytes());
        keys.extend_from_slice(stream.aggregate_id.as_uuid().as_bytes());
        keys.extend_from_slice(EventId::of(*command_id, 0).as_uuid().as_bytes());
    }
    let check = sqlx::query(include_str!("sql/begin_and_check.sql")).bind(keys);
    let rows = check.fetch_all(connection).await?;
    let mut found = vec![Found::default(); batch.appends.len()];
    for row in &rows {
        let met: Vec<Met> = serde_json::from_str(row.try_get(0)?).map_err(decode_error)?;
        for met in met {
            let number = met.0;
            if let Some(found) = found.get_mut(number) {
                *found = read_found(met)?;
            }
        }
    }
    let mut decider = Decider::new(Timestamp::now());
    let appends = batch.appends.iter().zip(found);
    let verdicts = appends.map(|(job, found)| decider.decide(&job.request, found));
    Ok(verdicts.collect())
}

/// What one append of the batch meets, as `begin_and_check.sql` lists it.
#[derive(Deserialize)]
struct Met(usize, Option<i64>, Option<String>, String, Option<String>);

fn read_found(Met(_, version, stream_type, seen, seen_type): Met) -> Result<Found, sqlx::Error> {
    let seen = match seen_type {
        Some(seen_type) => {
            let id: Uuid = seen.parse().map_err(decode_error)?;
            Some((AggregateId::from_uuid(id), seen_type))
        }
        None => None,
    };
    Ok(Found {
        stream: version.map(column::version).zip(stream_type),
        seen,
    })
}

fn decode_error(error: impl Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

/// Inserts the events of all appends that were accepted, in order, and tells each the position of its last one.
async fn insert(
    connection: &mut SqliteConnection,
    batch: &Batch,
    verdicts: &mut [Result<Verdict, StoreError>],
) -> Result<(), Unwritten> {
    let rows: Vec<NewRow<'_>> = accepted(batch, verdicts).flat_map(rows_of).collect();
    let mut last = 0;
    let mut rest = rows.as_slice();
    while !rest.is_empty() {
        let (count, sql) = next_insert(rest);
        let (now, later) = rest.split_at(count);
        let statement = now.iter().fold(sqlx::query(sql), bind_row);
        last = statement
            .execute(&mut *connection)
            .await?
            .last_insert_rowid();
        rest = later;
    }
    tell_positions(rows.len(), last, verdicts);
    Ok(())
}

/// One event and what it shares with the others of its append.
struct NewRow<'a> {
    append: &'a Append,
    aggregate_type: &'a str,
    event: &'a NewEvent,
    event_id: EventId,
    version: Version,
    recorded_at: Timestamp,
}

fn accepted<'a>(
    batch: &'a Batch,
    verdicts: &'a [Result<Verdict, StoreError>],
) -> impl Iterator<Item = (&'a Append, &'a Accepted)> {
    let appends = batch.appends.iter().zip(verdicts);
    appends.filter_map(|(job, verdict)| match verdict {
        Ok(Verdict::Accept(accepted)) => Some((&job.request, accepted)),
        _ => None,
    })
}

fn rows_of<'a>((append, accepted): (&'a Append, &'a Accepted)) -> impl Iterator<Item = NewRow<'a>> {
    let mut version = accepted.before;
    append.identified().map(move |(event_id, event)| {
        version = version.next();
        NewRow {
            append,
            aggregate_type: &accepted.aggregate_type,
            event,
            event_id,
            version,
            recorded_at: accepted.recorded_at,
        }
    })
}

/// How many of the rows go in one statement, and its text: as many as it takes and as do not hold too many bytes.
fn next_insert(rows: &[NewRow<'_>]) -> (usize, &'static str) {
    let [.., (most, largest)] = INSERTS;
    let sizes = rows
        .iter()
        .map(|row| row.event.payload.get().len() + row.append.metadata.json().len());
    let mut bytes = 0;
    let fitting = sizes.take(most).take_while(|size| {
        bytes += size;
        bytes <= INSERT_BYTES
    });
    // A single row always goes, whatever its size.
    let count = fitting.count().max(1);
    let smallest = INSERTS.into_iter().find(|(rows, _)| count <= *rows);
    (count, smallest.map_or(largest, |(_, sql)| sql))
}

fn bind_row<'q>(
    query: Query<'q, Sqlite, SqliteArguments>,
    row: &NewRow<'_>,
) -> Query<'q, Sqlite, SqliteArguments> {
    let NewRow { append, event, .. } = row;
    let stream = &append.stream;
    query
        .bind(column::id(stream.tenant_id.as_uuid()))
        .bind(column::id(stream.aggregate_id.as_uuid()))
        .bind(column::from_version(row.version))
        .bind(row.aggregate_type.to_owned())
        .bind(column::id(row.event_id.as_uuid()))
        .bind(event.event_type.to_string())
        .bind(i64::from(event.schema_version))
        .bind(row.recorded_at.as_micros())
        .bind(event.payload.get().to_owned())
        .bind(append.metadata.json().to_owned())
}

/// The one writer inserts without gaps, so positions are told from the last one.
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
