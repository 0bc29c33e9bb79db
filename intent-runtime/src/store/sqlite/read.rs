//! Reading streams, on a connection that reads or in a transaction.

use std::ops::ControlFlow;

use futures_util::TryStreamExt;
use sqlx::{
    Sqlite, SqliteConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

use crate::{
    record::{
        event::RecordedEvent,
        id::{AggregateId, CommandId, EventId, TenantId},
        snapshot::StoredSnapshot,
        stream::StreamId,
        version::Version,
    },
    store::{
        EventSink, RawEvent, ReadStream, StateSink,
        append::Append,
        check::{column, version},
        error::StoreError,
        lookup::{Halving, Room},
        sqlite::{
            column::{get, recorded},
            error::RunError,
        },
    },
};

/// How many whole events are read at first. SQLite's thread reads ahead of the sink, and they may be large.
const FEW_EVENTS: u64 = 8;
/// How many events of a state are read at once at most.
const PAGE_EVENTS: u64 = 5_000;
/// How many bytes of payloads are read at once at most, unless a single event has more.
const PAGE_BYTES: u64 = 4 * 1024 * 1024;
/// What stands between two events in a page of `read_state.sql`; U+001F stands between the parts of one.
const BETWEEN_EVENTS: char = '\u{1e}';
const BETWEEN_PARTS: char = '\u{1f}';

/// Gives a stream to a sink: the snapshot and the events after it, or all events if the sink refuses the snapshot.
///
/// It reads page by page. Streams only grow, so what a later page finds does not contradict an earlier one. Versions are dense,
/// so a page is a range of them. How many of them fit is learnt while reading.
pub(super) async fn state(
    connection: &mut SqliteConnection,
    read: ReadStream<'_>,
    sink: &mut dyn StateSink,
) -> Result<(), RunError> {
    let stream = read.stream;
    let mut after = read.after;
    if read.snapshot
        && let Some(snapshot) = snapshot(connection, read).await?
    {
        let version = snapshot.version;
        if sink.snapshot(snapshot) {
            after = version;
        }
    }
    let mut size = PAGE_EVENTS;
    loop {
        let to = after.after(size).unwrap_or(Version::MAX).min(read.to);
        let limit = if size == 1 { u64::MAX } else { PAGE_BYTES };
        let page = range(include_str!("sql/read_state.sql"), stream, after, to);
        let row = page.bind(column(limit)).fetch_one(&mut *connection).await?;
        check_type(stream, &row)?;
        let last = version(get::<Option<i64>>(&row, "last", stream)?.unwrap_or(0));
        if let Some(id) = get(&row, "last_event", stream)? {
            sink.ends_with(last, EventId::from_uuid(id));
        }
        let events = get::<i64>(&row, "events", stream)?.unsigned_abs();
        let bytes = get::<i64>(&row, "bytes", stream)?.unsigned_abs();
        size = (events.saturating_mul(PAGE_BYTES) / bytes.max(1)).clamp(1, PAGE_EVENTS);
        if bytes > limit {
            continue;
        }
        // Versions are unique, so a page with as many events as versions is dense.
        let end = last.min(to);
        let versions = end.get().saturating_sub(after.get());
        if events < versions {
            let (missing, first) = (versions - events, after.next());
            let what = format!("{missing} of its events {first} to {end} are missing");
            return Err(stream.corrupt(what).into());
        }
        let frames: Option<&str> = get(&row, "frames", stream)?;
        let frames = frames.map(|frames| frames.split(BETWEEN_EVENTS));
        let (mut version, mut left) = (after, events);
        for frame in frames.into_iter().flatten() {
            version = version.next();
            let event = parse(version, frame).filter(|_| left > 0);
            let event = event.ok_or_else(|| torn(stream, version))?;
            left -= 1;
            if sink.event(event) == ControlFlow::Break(()) {
                return Ok(());
            }
        }
        if left > 0 {
            return Err(torn(stream, version).into());
        }
        if to >= read.to || last <= to {
            return Ok(());
        }
        after = to;
    }
}

fn parse(version: Version, frame: &str) -> Option<RawEvent<'_>> {
    let (event_type, rest) = frame.split_once(BETWEEN_PARTS)?;
    let (schema_version, payload) = rest.split_once(BETWEEN_PARTS)?;
    let schema_version = schema_version.parse().ok()?;
    Some(RawEvent::new(
        version,
        event_type,
        schema_version,
        payload.as_bytes(),
    ))
}

fn torn(stream: &StreamId, version: Version) -> StoreError {
    stream.corrupt(format!(
        "event {version} has a schema version out of range, or a control character that JSON does not have"
    ))
}

async fn snapshot(
    connection: &mut SqliteConnection,
    read: ReadStream<'_>,
) -> Result<Option<StoredSnapshot>, RunError> {
    let ReadStream {
        stream, after, to, ..
    } = read;
    let row = range(include_str!("sql/read_snapshot.sql"), stream, after, to);
    let Some(row) = row.fetch_optional(connection).await? else {
        return Ok(None);
    };
    check_type(stream, &row)?;
    let schema_version: i64 = get(&row, "schema_version", stream)?;
    // A snapshot is a cache. One whose shape has an impossible number is ignored.
    let Ok(schema_version) = u32::try_from(schema_version) else {
        return Ok(None);
    };
    Ok(Some(StoredSnapshot {
        version: version(get(&row, "version", stream)?),
        schema_version,
        state: get(&row, "state", stream)?,
    }))
}

/// Gives the events of a stream to a sink.
pub(super) async fn events(
    connection: &mut SqliteConnection,
    read: ReadStream<'_>,
    sink: &mut EventSink<'_>,
) -> Result<(), RunError> {
    let stream = read.stream;
    let last = of_stream(include_str!("sql/last_event.sql"), stream);
    let Some(last) = last.fetch_optional(&mut *connection).await? else {
        return Ok(());
    };
    check_type(stream, &last)?;
    let end = version(get(&last, "version", stream)?).min(read.to);
    // In ranges, so that no long read keeps the write-ahead log from its checkpoint, and few events are in memory.
    let (mut before, mut window) = (read.after, FEW_EVENTS);
    while before < end {
        let to = before.after(window).unwrap_or(Version::MAX).min(end);
        let (mut count, mut bytes) = (0_u64, 0);
        let mut rows =
            range(include_str!("sql/read_events.sql"), stream, before, to).fetch(&mut *connection);
        while let Some(row) = rows.try_next().await? {
            let event = recorded(&row)?;
            stream.check_next(before, event.version)?;
            before = event.version;
            count += 1;
            bytes += event.bytes() as u64;
            if sink(event) == ControlFlow::Break(()) {
                return Ok(());
            }
        }
        stream.check_end(before, to)?;
        let fitting = PAGE_BYTES.saturating_mul(count) / bytes.max(1);
        window = fitting.clamp(1, PAGE_EVENTS).min(window * FEW_EVENTS);
    }
    Ok(())
}

/// All events that a command stored, in order.
pub(super) async fn events_of_command(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    command: CommandId,
) -> Result<Vec<RecordedEvent>, RunError> {
    events_of_command_from(connection, tenant, command, 0, Room::endless()).await
}

/// Those behind a position, as far as there is room for them.
pub(super) async fn events_of_command_behind(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    command: CommandId,
    position: i64,
    room: Room,
) -> Result<Vec<RecordedEvent>, RunError> {
    // Positions grow with the index of an event.
    let mut halving = Halving::growing(if position == 0 {
        0
    } else {
        column(Append::MAX_EVENTS)
    });
    while let Some(middle) = halving.middle() {
        let index = u32::try_from(middle).unwrap_or(u32::MAX);
        let found = find(connection, tenant, EventId::of(command, index)).await?;
        halving.take(
            middle,
            found
                .filter(|it| it.position <= position)
                .map(|_| middle + 1),
        );
    }
    let first = u32::try_from(halving.found()).unwrap_or(u32::MAX);
    events_of_command_from(connection, tenant, command, first, room).await
}

async fn events_of_command_from(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    command: CommandId,
    first: u32,
    mut room: Room,
) -> Result<Vec<RecordedEvent>, RunError> {
    let mut events = Vec::new();
    let Some(found) = find(connection, tenant, EventId::of(command, first)).await? else {
        return Ok(events);
    };
    // The events of one append stand together, and their ids show where they end.
    let read = ReadStream {
        after: Version::new(found.version.get().saturating_sub(1)),
        ..ReadStream::all(&found.stream)
    };
    let mut ids = (first..).map(|index| EventId::of(command, index));
    let mut sink = |event: RecordedEvent| {
        if room.is_full() || ids.next() != Some(event.id) {
            return ControlFlow::Break(());
        }
        // One that does not fit shows that the page ends before it.
        room.take(&event);
        events.push(event);
        ControlFlow::Continue(())
    };
    self::events(connection, read, &mut sink).await?;
    Ok(events)
}

/// Where an event is.
struct Place {
    stream: StreamId,
    version: Version,
    position: i64,
}

/// The place of an event, without its payload.
async fn find(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    id: EventId,
) -> Result<Option<Place>, RunError> {
    let place = sqlx::query_as(include_str!("sql/find_place.sql"))
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(connection);
    let place: Option<(uuid::Uuid, String, i64, i64)> = place.await?;
    Ok(place.map(|(id, aggregate_type, number, position)| Place {
        stream: StreamId {
            tenant_id: tenant,
            aggregate_type: aggregate_type.into(),
            aggregate_id: AggregateId::from_uuid(id),
        },
        version: version(number),
        position,
    }))
}

/// A query for the events of a stream after a version up to another.
fn range(
    sql: &'static str,
    stream: &StreamId,
    after: Version,
    to: Version,
) -> Query<'static, Sqlite, SqliteArguments> {
    of_stream(sql, stream)
        .bind(column(after.get()))
        .bind(column(to.get()))
}

/// A query about a stream.
pub(super) fn of_stream(
    sql: &'static str,
    stream: &StreamId,
) -> Query<'static, Sqlite, SqliteArguments> {
    sqlx::query(sql)
        .bind(stream.tenant_id.as_uuid())
        .bind(stream.aggregate_id.as_uuid())
}

/// Refuses a stream that belongs to another type of aggregate, as a row tells it.
pub(super) fn check_type(stream: &StreamId, row: &SqliteRow) -> Result<(), StoreError> {
    let found: Option<&str> = get(row, "aggregate_type", stream)?;
    found.map_or(Ok(()), |found| stream.check_type(found))
}
