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
        append::Append,
        check::{column, version},
        lookup::{EventPage, Halving},
        postgres::{
            connection::{
                error::RunError,
                run::{Rest, within},
            },
            rows::{EventColumns, Json, get},
        },
    },
};

/// How many events of a command to look for at first. As long as all of them are found, look for that many times more.
const FEW_EVENTS: u32 = 8;

macro_rules! of_stream {
    ($file:literal) => {
        concat!(include_str!("sql/stream.sql"), include_str!($file))
    };
}
pub(super) use of_stream;

/// Gives a stream to a sink: the snapshot and the events after it, or all events if the sink refuses the snapshot. `read` notes
/// how far it came, so that another try goes on there.
pub(super) async fn state(
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
    stream.check_type(get(&head, 1, stream)?)?;
    let last = version(get(&head, 0, stream)?);
    sink.ends_with(last, EventId::from_uuid(get(&head, 4, stream)?));
    let end = last.min(read.to);
    while let Some(row) = within(rows.try_next()).await? {
        let at = version(get(&row, 0, stream)?);
        let schema_version: i64 = get(&row, 2, stream)?;
        let schema_version = u32::try_from(schema_version);
        let Json(json) = get(&row, 3, stream)?;
        let Some(event_type) = get::<Option<&str>>(&row, 1, stream)? else {
            read.snapshot = false;
            let snapshot = schema_version.ok().map(|schema_version| StoredSnapshot {
                version: at,
                schema_version,
                state: json.to_owned(),
            });
            // Without the snapshot, the events before it are needed too.
            if !snapshot.is_some_and(|snapshot| sink.snapshot(snapshot)) {
                return Ok(None);
            }
            read.after = at;
            continue;
        };
        stream.check_next(read.after, at)?;
        let schema_version = schema_version.map_err(|error| {
            stream.corrupt(format!("the schema version of event {at}: {error}"))
        })?;
        let event = RawEvent::new(at, event_type, schema_version, json.as_bytes());
        read.after = at;
        read.snapshot = false;
        if sink.event(event) == ControlFlow::Break(()) {
            return Ok(Some(Rest::Rows));
        }
    }
    stream.check_end(read.after, end)?;
    Ok(Some(Rest::Nothing))
}

/// Gives the events of a stream to a sink. `read` notes how far it came, so that another try goes on there.
pub(super) async fn events(
    connection: &mut PgConnection,
    read: &mut ReadStream<'_>,
    sink: &mut EventSink<'_>,
) -> Result<Rest, RunError> {
    let stream = read.stream;
    let mut rows = range(of_stream!("sql/read_events.sql"), *read).fetch(connection);
    let Some(head) = within(rows.try_next()).await? else {
        return Ok(Rest::Nothing);
    };
    stream.check_type(get(&head, 3, stream)?)?;
    let end = version(get(&head, 2, stream)?).min(read.to);
    let columns = EventColumns::of(&head, 0)?;
    while let Some(row) = within(rows.try_next()).await? {
        let event = columns.event(&row)?;
        stream.check_next(read.after, event.version)?;
        read.after = event.version;
        if sink(event) == ControlFlow::Break(()) {
            return Ok(Rest::Rows);
        }
    }
    stream.check_end(read.after, end)?;
    Ok(Rest::Nothing)
}

/// The version that a stream had at a time.
pub(super) async fn version_as_of(
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
    stream.check_type(get(&row, 0, stream)?)?;
    Ok(version(get(&row, 1, stream)?))
}

/// All events that a command stored, in order.
pub(super) async fn events_of_command(
    connection: &mut PgConnection,
    tenant: TenantId,
    command: CommandId,
) -> Result<Vec<RecordedEvent>, RunError> {
    events_of_command_from(connection, tenant, command, 0, None).await
}

/// Those behind a position, as many as a page of at most so many has room for.
pub(super) async fn events_of_command_behind(
    connection: &mut PgConnection,
    tenant: TenantId,
    command: CommandId,
    position: i64,
    limit: usize,
) -> Result<Vec<RecordedEvent>, RunError> {
    // Positions grow with the index of an event.
    let mut halving = Halving::growing(if position == 0 {
        0
    } else {
        column(Append::MAX_EVENTS)
    });
    while let Some(middle) = halving.middle() {
        let id = EventId::of(command, u32::try_from(middle).unwrap_or(u32::MAX));
        let found = sqlx::query_scalar(include_str!("sql/position_of_event.sql"))
            .bind(tenant.as_uuid())
            .bind(id.as_uuid())
            .fetch_optional(&mut *connection);
        let found: Option<i64> = found.await?;
        halving.take(
            middle,
            found.filter(|it| *it <= position).map(|_| middle + 1),
        );
    }
    let first = u32::try_from(halving.found()).unwrap_or(u32::MAX);
    events_of_command_from(connection, tenant, command, first, Some(limit)).await
}

/// The events of a command from an index on: all, or as many as a page has room for.
async fn events_of_command_from(
    connection: &mut PgConnection,
    tenant: TenantId,
    command: CommandId,
    first: u32,
    limit: Option<usize>,
) -> Result<Vec<RecordedEvent>, RunError> {
    let mut found = Vec::new();
    let (mut next, mut window) = (first, FEW_EVENTS);
    loop {
        let ids = (next..next + window).map(|index| EventId::of(command, index));
        let events =
            events_with(connection, tenant, ids, limit.map(|_| EventPage::MAX_BYTES)).await?;
        let full = events.len() < usize::try_from(window).unwrap_or(usize::MAX);
        found.extend(events);
        if full || found.len() >= limit.unwrap_or(Append::MAX_EVENTS) {
            return Ok(found);
        }
        next += window;
        window *= FEW_EVENTS;
    }
}

/// The events of a tenant with these ids, or those of them up to the one with which they have so many bytes.
pub(super) async fn events_with(
    connection: &mut PgConnection,
    tenant: TenantId,
    ids: impl Iterator<Item = EventId>,
    bytes: Option<usize>,
) -> Result<Vec<RecordedEvent>, RunError> {
    let ids: Vec<_> = ids.map(|id| id.as_uuid()).collect();
    let rows = sqlx::query(include_str!("sql/events_with_ids.sql"))
        .bind(tenant.as_uuid())
        .bind(&ids)
        .bind(bytes.map(column))
        .fetch_all(connection)
        .await?;
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let columns = EventColumns::of(first, 0)?;
    let events = rows.iter().map(|row| columns.event(row));
    Ok(events.collect::<Result<_, _>>()?)
}

/// A query for the events of a stream after a version up to another.
fn range(sql: &'static str, read: ReadStream<'_>) -> Query<'static, Postgres, PgArguments> {
    sqlx::query(sql)
        .bind(read.stream.tenant_id.as_uuid())
        .bind(read.stream.aggregate_id.as_uuid())
        .bind(column(read.after.get()))
        .bind(column(read.to.get()))
}
