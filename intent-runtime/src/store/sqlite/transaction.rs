//! One transaction: check, decide, insert, commit.
//!
//! Every statement is a trip to the connection's thread and back (10 to 20 µs), so a batch takes few: one to begin
//! and check, one for up to 64 events, one for each snapshot, one to commit.

use sqlx::{
    Row, Sqlite, SqliteConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
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

/// The texts that insert events. Of each there is one, so that its statement is compiled once for a connection.
const INSERTS: [(usize, &str); 3] = [(64, INSERT_64), (8, INSERT_8), (1, INSERT_1)];
/// A statement's parameters are copied, so many large payloads go in several statements.
const INSERT_BYTES: usize = 16 * 1024 * 1024;

const INSERT_1: &str = concat!(
    include_str!("sql/insert_events.sql"),
    include_str!("sql/insert_events_row.sql")
);

macro_rules! and_rows {
    ($first:expr, $($row:tt)*) => {
        concat!($first, $(and_rows!(@one $row)),*)
    };
    (@one $row:tt) => {
        concat!(",", include_str!("sql/insert_events_row.sql"))
    };
}

macro_rules! insert_8 {
    () => {
        and_rows!(
            concat!(
                include_str!("sql/insert_events.sql"),
                include_str!("sql/insert_events_row.sql")
            ),
            2 3 4 5 6 7 8
        )
    };
}

const INSERT_8: &str = insert_8!();
const INSERT_64: &str = and_rows!(
    insert_8!(),
     9 10 11 12 13 14 15 16
    17 18 19 20 21 22 23 24
    25 26 27 28 29 30 31 32
    33 34 35 36 37 38 39 40
    41 42 43 44 45 46 47 48
    49 50 51 52 53 54 55 56
    57 58 59 60 61 62 63 64
);

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
        let number: i64 = row.try_get(0)?;
        let place = usize::try_from(number).ok();
        if let Some(found) = place.and_then(|place| found.get_mut(place)) {
            *found = read_found(row)?;
        }
    }
    let mut decider = Decider::new(Timestamp::now());
    let appends = batch.appends.iter().zip(found);
    let verdicts = appends.map(|(job, found)| decider.decide(&job.request, found));
    Ok(verdicts.collect())
}

fn read_found(row: &SqliteRow) -> Result<Found, sqlx::Error> {
    let version: Option<i64> = row.try_get(1)?;
    let stream = match version {
        Some(version) => Some((column::version(version), row.try_get(2)?)),
        None => None,
    };
    let seen: Option<&[u8]> = row.try_get(3)?;
    let seen = match seen {
        Some(id) => Some((read_aggregate_id(id)?, row.try_get(4)?)),
        None => None,
    };
    Ok(Found { stream, seen })
}

fn read_aggregate_id(bytes: &[u8]) -> Result<AggregateId, sqlx::Error> {
    let uuid = Uuid::from_slice(bytes).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(AggregateId::from_uuid(uuid))
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
    event: &'a NewEvent,
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
    append.events.iter().map(move |event| {
        version = version.next();
        NewRow {
            append,
            event,
            version,
            recorded_at: accepted.recorded_at,
        }
    })
}

/// The largest statement that the rows fill and that does not hold too many bytes.
fn next_insert(rows: &[NewRow<'_>]) -> (usize, &'static str) {
    let fits = |count: usize| {
        let bytes =
            |row: &NewRow<'_>| row.event.payload.get().len() + row.append.metadata.get().len();
        rows.get(..count)
            .is_some_and(|rows| rows.iter().map(bytes).sum::<usize>() <= INSERT_BYTES)
    };
    let largest = INSERTS.into_iter().find(|(count, _)| fits(*count));
    largest.unwrap_or((1, INSERT_1))
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
        .bind(stream.aggregate_type.to_string())
        .bind(column::id(event.id.as_uuid()))
        .bind(event.event_type.to_string())
        .bind(i64::from(event.schema_version))
        .bind(row.recorded_at.as_micros())
        .bind(event.payload.get().to_owned())
        .bind(append.metadata.get().to_owned())
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
