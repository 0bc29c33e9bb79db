//! Inserting events: the statements, and how many events go into each.

use sqlx::{Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};
use uuid::Uuid;

use crate::{
    record::{
        id::{AggregateId, EventId, TenantId},
        timestamp::Timestamp,
        version::Version,
    },
    store::check::column,
};

macro_rules! eight {
    ($what:expr) => {
        concat!(
            $what, ",", $what, ",", $what, ",", $what, ",", $what, ",", $what, ",", $what, ",",
            $what
        )
    };
}

macro_rules! insert {
    ($rows:expr) => {
        concat!(
            include_str!("sql/insert_events.sql"),
            $rows,
            ") WHERE column1 IS NOT NULL;"
        )
    };
}

macro_rules! row {
    () => {
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    };
}

/// The statements that insert events, each for up to this many. There are few, so a connection compiles each of them once.
const INSERTS: [(usize, &str); 3] = [
    (1, insert!(row!())),
    (8, insert!(eight!(row!()))),
    (64, insert!(eight!(eight!(row!())))),
];
/// A statement's parameters are copied, so many large payloads go in several statements.
const INSERT_BYTES: usize = 16 * 1024 * 1024;

/// One event about to be stored.
pub(super) struct NewRow<'a> {
    pub(super) tenant_id: TenantId,
    pub(super) aggregate_id: AggregateId,
    pub(super) version: Version,
    pub(super) aggregate_type: &'a str,
    pub(super) event_id: EventId,
    pub(super) event_type: &'a str,
    pub(super) schema_version: u32,
    pub(super) recorded_at: Timestamp,
    pub(super) occurred_at: Timestamp,
    pub(super) payload: &'a str,
    pub(super) metadata: &'a str,
    pub(super) correlation_id: Option<Uuid>,
}

/// Inserts events in order, and says at which position the last one is; 0 when there are none.
pub(super) async fn rows(
    connection: &mut SqliteConnection,
    rows: &[NewRow<'_>],
) -> Result<i64, sqlx::Error> {
    let mut last = 0;
    let mut rest = rows;
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
    Ok(last)
}

/// How many of the rows go into one statement, limited by their number and their bytes, and that statement's text.
fn next_insert(rows: &[NewRow<'_>]) -> (usize, &'static str) {
    let [.., (most, largest)] = INSERTS;
    let sizes = rows
        .iter()
        .map(|row| row.payload.len() + row.metadata.len());
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
    query
        .bind(row.tenant_id.as_uuid())
        .bind(row.aggregate_id.as_uuid())
        .bind(column(row.version.get()))
        .bind(row.aggregate_type.to_owned())
        .bind(row.event_id.as_uuid())
        .bind(row.event_type.to_owned())
        .bind(i64::from(row.schema_version))
        .bind(row.recorded_at.as_micros())
        .bind(row.occurred_at.as_micros())
        .bind(row.payload.to_owned())
        .bind(row.metadata.to_owned())
        .bind(row.correlation_id)
}
