//! Reading streams: one statement a call. Rows are processed as they arrive, so memory does not grow with the stream.

use std::ops::ControlFlow;

use futures_util::TryStreamExt;
use sqlx::{PgConnection, Postgres, postgres::PgArguments, query::Query};

use crate::{
    record::{
        event::RecordedEvent,
        id::{CommandId, EventId, TenantId},
        snapshot::StoredSnapshot,
        stream::StreamId,
        version::Version,
    },
    store::{
        AsOfTime, EventSink, RawEvent, ReadStream, StateSink,
        error::StoreError,
        postgres::{
            command,
            connection::{
                pool::Pool,
                run::{Rest, RunError, within},
            },
            rows::{self, EventColumns, Json, corrupt, get},
        },
    },
};

macro_rules! of_stream {
    ($file:literal) => {
        concat!(include_str!("sql/stream.sql"), include_str!($file))
    };
}
pub(super) use of_stream;

/// Gives a stream to a sink: the snapshot and the events after it, or all events if the sink refuses the snapshot.
pub(super) async fn state(
    pool: &Pool,
    read: ReadStream<'_>,
    sink: &mut dyn StateSink,
) -> Result<(), StoreError> {
    pool.stream((read, sink), |(read, sink), connection| {
        Box::pin(async move { Ok(((), state_on(connection, read, *sink).await?)) })
    })
    .await
}

/// The same on a connection. `read` notes how far it came, so that another try goes on there.
pub(super) async fn state_on(
    connection: &mut PgConnection,
    read: &mut ReadStream<'_>,
    sink: &mut dyn StateSink,
) -> Result<Rest, RunError> {
    loop {
        if let Some(rest) = stream_state(connection, read, sink).await? {
            return Ok(rest);
        }
    }
}

/// Returns `None` if the sink refused the snapshot: then everything is to be read again, without it.
async fn stream_state(
    connection: &mut PgConnection,
    read: &mut ReadStream<'_>,
    sink: &mut dyn StateSink,
) -> Result<Option<Rest>, RunError> {
    let stream = read.stream;
    let query = range(of_stream!("sql/read_state.sql"), *read).bind(read.snapshot);
    let mut rows = query.fetch(connection);
    let Some(head) = within(rows.try_next()).await? else {
        return Ok(Some(Rest::Nothing));
    };
    check_type(stream, get(&head, 1, stream)?)?;
    let last = rows::version(get(&head, 0, stream)?);
    sink.ends_with(last, EventId::from_uuid(get(&head, 4, stream)?));
    let end = last.min(read.to);
    while let Some(row) = within(rows.try_next()).await? {
        let version = rows::version(get(&row, 0, stream)?);
        let schema_version: i64 = get(&row, 2, stream)?;
        let schema_version = u32::try_from(schema_version);
        let Json(json) = get(&row, 3, stream)?;
        let Some(event_type) = get::<Option<&str>>(&row, 1, stream)? else {
            read.snapshot = false;
            let snapshot = schema_version.ok().map(|schema_version| StoredSnapshot {
                version,
                schema_version,
                state: json.to_owned(),
            });
            // Without the snapshot, the events before it are needed too.
            if !snapshot.is_some_and(|snapshot| sink.snapshot(snapshot)) {
                return Ok(None);
            }
            read.after = version;
            continue;
        };
        check_dense(stream, read.after.next(), version)?;
        let event = RawEvent {
            version,
            event_type,
            schema_version: schema_version.map_err(|error| {
                corrupt(
                    stream,
                    format!("the schema version of event {version}: {error}"),
                )
            })?,
            payload: json.as_bytes(),
        };
        read.after = version;
        read.snapshot = false;
        if sink.event(event) == ControlFlow::Break(()) {
            return Ok(Some(Rest::Rows));
        }
    }
    check_end(stream, read.after, end)?;
    Ok(Some(Rest::Nothing))
}

/// Gives the events of a stream to a sink.
pub(super) async fn events(
    pool: &Pool,
    read: ReadStream<'_>,
    sink: &mut EventSink<'_>,
) -> Result<(), StoreError> {
    pool.stream((read, sink), |(read, sink), connection| {
        Box::pin(async move { Ok(((), events_on(connection, read, sink).await?)) })
    })
    .await
}

/// The same on a connection. `read` notes how far it came, so that another try goes on there.
pub(super) async fn events_on(
    connection: &mut PgConnection,
    read: &mut ReadStream<'_>,
    sink: &mut EventSink<'_>,
) -> Result<Rest, RunError> {
    let stream = read.stream;
    let mut rows = range(of_stream!("sql/read_events.sql"), *read).fetch(connection);
    let Some(head) = within(rows.try_next()).await? else {
        return Ok(Rest::Nothing);
    };
    check_type(stream, get(&head, 1, stream)?)?;
    let end = rows::version(get(&head, 0, stream)?).min(read.to);
    let columns = EventColumns::of(&head, 0)?;
    while let Some(row) = within(rows.try_next()).await? {
        let event = columns.event(&row, stream)?;
        check_dense(stream, read.after.next(), event.version)?;
        read.after = event.version;
        if sink(event) == ControlFlow::Break(()) {
            return Ok(Rest::Rows);
        }
    }
    check_end(stream, read.after, end)?;
    Ok(Rest::Nothing)
}

/// The version that a stream had at a time.
pub(super) async fn version_as_of(
    pool: &Pool,
    stream: &StreamId,
    time: AsOfTime,
) -> Result<Version, StoreError> {
    pool.run((stream, time), |(stream, time), connection| {
        Box::pin(as_of(connection, stream, *time))
    })
    .await
}

async fn as_of(
    connection: &mut PgConnection,
    stream: &StreamId,
    time: AsOfTime,
) -> Result<Version, RunError> {
    let own = matches!(time, AsOfTime::Occurred(_));
    let (AsOfTime::Recorded(time) | AsOfTime::Occurred(time)) = time;
    let row = sqlx::query(of_stream!("sql/as_of.sql"))
        .bind(stream.tenant_id.as_uuid())
        .bind(stream.aggregate_id.as_uuid())
        .bind(time)
        .bind(own)
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else {
        return Ok(Version::NONE);
    };
    check_type(stream, get(&row, 0, stream)?)?;
    Ok(rows::version(get(&row, 1, stream)?))
}

/// The events that a command stored, in order.
pub(super) async fn events_of_command(
    pool: &Pool,
    tenant: TenantId,
    command: CommandId,
) -> Result<Vec<RecordedEvent>, StoreError> {
    pool.run((tenant, command), |(tenant, command), connection| {
        Box::pin(command::events(connection, *tenant, *command))
    })
    .await
}

/// The event of a tenant with an id.
pub(super) async fn event(
    pool: &Pool,
    tenant: TenantId,
    id: EventId,
) -> Result<Option<RecordedEvent>, StoreError> {
    let found = pool.run((tenant, id), |(tenant, id), connection| {
        Box::pin(command::events_with(connection, *tenant, [*id]))
    });
    Ok(found.await?.pop())
}

/// A query for the events of a stream after a version up to another.
fn range(sql: &'static str, read: ReadStream<'_>) -> Query<'static, Postgres, PgArguments> {
    sqlx::query(sql)
        .bind(read.stream.tenant_id.as_uuid())
        .bind(read.stream.aggregate_id.as_uuid())
        .bind(rows::from_version(read.after))
        .bind(rows::from_version(read.to))
}

/// Refuses a stream that belongs to another type of aggregate.
pub(super) fn check_type(stream: &StreamId, found: &str) -> Result<(), StoreError> {
    if stream.aggregate_type.is(found) {
        return Ok(());
    }
    Err(StoreError::WrongAggregate {
        stream: stream.clone(),
        found: found.to_owned(),
    })
}

fn check_dense(stream: &StreamId, expected: Version, found: Version) -> Result<(), StoreError> {
    if found == expected {
        return Ok(());
    }
    let what = format!("event {expected} is missing, the next one is {found}");
    Err(corrupt(stream, what))
}

fn check_end(stream: &StreamId, found: Version, end: Version) -> Result<(), StoreError> {
    if found >= end {
        return Ok(());
    }
    let what = format!("its events after {found} up to {end} are missing");
    Err(corrupt(stream, what))
}
