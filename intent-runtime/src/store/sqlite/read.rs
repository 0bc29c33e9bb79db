//! Reading streams page by page, on a small pool of connections or in a transaction.
//!
//! A read of several pages needs no transaction around it: streams only grow, so what a later page finds does not
//! contradict an earlier one, and a long read holds up no checkpoint of the write-ahead log.

use std::ops::ControlFlow;

use sqlx::{
    Sqlite, SqliteConnection, SqlitePool,
    pool::PoolConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use uuid::Uuid;

use crate::{
    record::{
        event::RecordedEvent,
        id::{AggregateId, CommandId, EventId, TenantId},
        snapshot::StoredSnapshot,
        stream::StreamId,
        version::Version,
    },
    store::{
        AsOfTime, EventSink, ReadStream, StateSink,
        error::StoreError,
        sqlite::{
            column::{self, corrupt, get},
            error::Place,
            frames::Frames,
            page::Pages,
        },
    },
};

/// How many events of a command to look for at first. As long as all of them belong to it, look for that many times more.
const FEW_EVENTS: u64 = 8;

/// The reading half of the store.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    /// Tells this store's cursors from those of another.
    pub(super) store: Uuid,
    pub(super) pool: SqlitePool,
    pub(super) place: Place,
}

impl Reader {
    /// A connection to read on.
    pub(super) async fn connection(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        let connection = self.pool.acquire().await;
        connection.map_err(|error| self.place.error(error))
    }

    pub(super) async fn read_state(
        &self,
        connection: &mut SqliteConnection,
        read: ReadStream<'_>,
        sink: &mut dyn StateSink,
    ) -> Result<(), StoreError> {
        let mut after = read.after;
        if read.snapshot
            && let Some(snapshot) = self.snapshot(connection, read).await?
        {
            let version = snapshot.version;
            if sink.snapshot(snapshot) {
                after = version;
            }
        }
        let mut pages = Pages::new(after, read.to);
        while let Some((after, to)) = pages.next() {
            let row = self
                .state_page(connection, read.stream, (after, to), &pages)
                .await?;
            check_type(read.stream, get(&row, "aggregate_type", read.stream)?)?;
            tell_end(read.stream, &row, sink)?;
            let events: i64 = get(&row, "events", read.stream)?;
            let bytes: i64 = get(&row, "bytes", read.stream)?;
            if !pages.took(events, bytes) {
                continue;
            }
            check_range(read.stream, &row, (after, to), events)?;
            let frames: Option<&str> = get(&row, "frames", read.stream)?;
            let mut frames = Frames::new(read.stream, frames, after, events);
            while let Some(event) = frames.next()? {
                if sink.event(event) == ControlFlow::Break(()) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn state_page(
        &self,
        connection: &mut SqliteConnection,
        stream: &StreamId,
        (after, to): (Version, Version),
        pages: &Pages,
    ) -> Result<SqliteRow, StoreError> {
        let row = range(include_str!("sql/read_state.sql"), stream, after, to)
            .bind(pages.limit())
            .fetch_one(connection)
            .await;
        row.map_err(|error| self.place.error(error))
    }

    async fn snapshot(
        &self,
        connection: &mut SqliteConnection,
        read: ReadStream<'_>,
    ) -> Result<Option<StoredSnapshot>, StoreError> {
        let stream = read.stream;
        let row = range(
            include_str!("sql/read_snapshot.sql"),
            stream,
            read.after,
            read.to,
        )
        .fetch_optional(connection)
        .await;
        let Some(row) = row.map_err(|error| self.place.error(error))? else {
            return Ok(None);
        };
        check_type(stream, get(&row, "aggregate_type", stream)?)?;
        let schema_version: i64 = get(&row, "schema_version", stream)?;
        // A snapshot is a cache. One whose shape has an impossible number is ignored.
        let Ok(schema_version) = u32::try_from(schema_version) else {
            return Ok(None);
        };
        Ok(Some(StoredSnapshot {
            version: column::version(get(&row, "version", stream)?),
            schema_version,
            state: get(&row, "state", stream)?,
        }))
    }

    pub(super) async fn read_events(
        &self,
        connection: &mut SqliteConnection,
        read: ReadStream<'_>,
        sink: &mut EventSink<'_>,
    ) -> Result<(), StoreError> {
        let mut pages = Pages::new(read.after, read.to);
        while let Some((after, to)) = pages.next() {
            let (events, bytes, last) = self.measure(connection, read.stream, after, to).await?;
            if bytes > pages.limit() {
                pages.took(events, bytes);
                continue;
            }
            let rows = self.event_page(connection, read.stream, after, to).await?;
            // Events that were stored after the page was measured are read too, and counted here.
            let events = i64::try_from(rows.len()).unwrap_or(i64::MAX);
            pages.took(events, bytes);
            let mut expected = after;
            for row in &rows {
                let event = column::recorded(row, read.stream)?;
                expected = expected.next();
                check_dense(read.stream, expected, event.version)?;
                if sink(event) == ControlFlow::Break(()) {
                    return Ok(());
                }
            }
            check_count(read.stream, (after, last.min(to)), events)?;
        }
        Ok(())
    }

    async fn measure(
        &self,
        connection: &mut SqliteConnection,
        stream: &StreamId,
        after: Version,
        to: Version,
    ) -> Result<(i64, i64, Version), StoreError> {
        let row = range(include_str!("sql/measure_events.sql"), stream, after, to)
            .fetch_one(connection)
            .await;
        let row = row.map_err(|error| self.place.error(error))?;
        check_type(stream, get(&row, "aggregate_type", stream)?)?;
        Ok((
            get(&row, "events", stream)?,
            get(&row, "bytes", stream)?,
            last_of(stream, &row)?,
        ))
    }

    async fn event_page(
        &self,
        connection: &mut SqliteConnection,
        stream: &StreamId,
        after: Version,
        to: Version,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let rows = range(include_str!("sql/read_events.sql"), stream, after, to)
            .fetch_all(connection)
            .await;
        rows.map_err(|error| self.place.error(error))
    }

    pub(super) async fn version_as_of(
        &self,
        stream: &StreamId,
        time: AsOfTime,
    ) -> Result<Version, StoreError> {
        let own = matches!(time, AsOfTime::Occurred(_));
        let (AsOfTime::Recorded(time) | AsOfTime::Occurred(time)) = time;
        let row = sqlx::query(include_str!("sql/as_of.sql"))
            .bind(column::id(stream.tenant_id.as_uuid()))
            .bind(column::id(stream.aggregate_id.as_uuid()))
            .bind(time.as_micros())
            .bind(own)
            .fetch_optional(&self.pool)
            .await;
        let Some(row) = row.map_err(|error| self.place.error(error))? else {
            return Ok(Version::NONE);
        };
        check_type(stream, get(&row, "aggregate_type", stream)?)?;
        Ok(column::version(get(&row, "version", stream)?))
    }

    /// Refuses a stream that belongs to another type of aggregate.
    pub(super) async fn check_type(&self, stream: &StreamId) -> Result<(), StoreError> {
        let found = sqlx::query_scalar(include_str!("sql/aggregate_type.sql"))
            .bind(column::id(stream.tenant_id.as_uuid()))
            .bind(column::id(stream.aggregate_id.as_uuid()))
            .fetch_optional(&self.pool)
            .await;
        let found: Option<String> = found.map_err(|error| self.place.error(error))?;
        check_type(stream, found.as_deref())
    }

    pub(super) async fn events_of_command(
        &self,
        connection: &mut SqliteConnection,
        tenant: TenantId,
        command: CommandId,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let mut events = Vec::new();
        let Some((stream, first)) = self.find_command(connection, tenant, command).await? else {
            return Ok(events);
        };
        // The events of one append stand together, and their ids show where they end. Most commands store few events, and many
        // of other commands may follow. So few are read at first.
        let mut after = Version::new(first.get().saturating_sub(1));
        let mut window = FEW_EVENTS;
        loop {
            let read = ReadStream {
                after,
                to: after.after(window).unwrap_or(Version::MAX),
                ..ReadStream::all(&stream)
            };
            let mut index = u32::try_from(events.len()).unwrap_or(u32::MAX);
            let mut sink = |event: RecordedEvent| {
                if event.id != EventId::of(command, index) {
                    return ControlFlow::Break(());
                }
                index += 1;
                after = event.version;
                events.push(event);
                ControlFlow::Continue(())
            };
            self.read_events(connection, read, &mut sink).await?;
            if after < read.to {
                return Ok(events);
            }
            window *= FEW_EVENTS;
        }
    }

    async fn find_command(
        &self,
        connection: &mut SqliteConnection,
        tenant: TenantId,
        command: CommandId,
    ) -> Result<Option<(StreamId, Version)>, StoreError> {
        let row = sqlx::query(include_str!("sql/find_command.sql"))
            .bind(column::id(tenant.as_uuid()))
            .bind(column::id(EventId::of(command, 0).as_uuid()))
            .fetch_optional(connection)
            .await;
        let Some(row) = row.map_err(|error| self.place.error(error))? else {
            return Ok(None);
        };
        let mut stream = StreamId {
            tenant_id: tenant,
            aggregate_type: "".into(),
            aggregate_id: AggregateId::from_uuid(Uuid::nil()),
        };
        let aggregate_type: String = get(&row, "aggregate_type", &stream)?;
        stream.aggregate_type = aggregate_type.into();
        let id: &[u8] = get(&row, "aggregate_id", &stream)?;
        let id = Uuid::from_slice(id)
            .map_err(|error| corrupt(&stream, format!("its aggregate id: {error}")))?;
        stream.aggregate_id = AggregateId::from_uuid(id);
        let version = get(&row, "version", &stream)?;
        Ok(Some((stream, column::version(version))))
    }
}

/// A query for the events of a stream after a version up to another.
fn range(
    sql: &'static str,
    stream: &StreamId,
    after: Version,
    to: Version,
) -> Query<'static, Sqlite, SqliteArguments> {
    sqlx::query(sql)
        .bind(column::id(stream.tenant_id.as_uuid()))
        .bind(column::id(stream.aggregate_id.as_uuid()))
        .bind(column::from_version(after))
        .bind(column::from_version(to))
}

fn check_type(stream: &StreamId, found: Option<&str>) -> Result<(), StoreError> {
    match found {
        Some(found) if !stream.aggregate_type.is(found) => Err(StoreError::WrongAggregate {
            stream: stream.clone(),
            found: found.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Versions are unique, so a page is dense when it has as many events as there are versions in it.
fn check_range(
    stream: &StreamId,
    row: &SqliteRow,
    (after, to): (Version, Version),
    events: i64,
) -> Result<(), StoreError> {
    check_count(stream, (after, last_of(stream, row)?.min(to)), events)
}

/// The version of a stream, as a row of a page tells it.
fn last_of(stream: &StreamId, row: &SqliteRow) -> Result<Version, StoreError> {
    let last: Option<i64> = get(row, "last", stream)?;
    Ok(column::version(last.unwrap_or(0)))
}

/// Tells a sink the end of a stream, which is in a row of a page.
fn tell_end(
    stream: &StreamId,
    row: &SqliteRow,
    sink: &mut dyn StateSink,
) -> Result<(), StoreError> {
    let id: Option<&[u8]> = get(row, "last_event", stream)?;
    let Some(id) = id else {
        return Ok(());
    };
    let id = Uuid::from_slice(id)
        .map_err(|error| corrupt(stream, format!("the id of its last event: {error}")))?;
    sink.ends_with(last_of(stream, row)?, EventId::from_uuid(id));
    Ok(())
}

/// Refuses a page with fewer events than there are versions after the first up to the second.
fn check_count(
    stream: &StreamId,
    (after, to): (Version, Version),
    events: i64,
) -> Result<(), StoreError> {
    let versions = to.get().saturating_sub(after.get());
    let missing = versions.saturating_sub(events.unsigned_abs());
    if missing == 0 {
        return Ok(());
    }
    let what = format!(
        "{missing} of its events {} to {to} are missing",
        after.next()
    );
    Err(corrupt(stream, what))
}

fn check_dense(stream: &StreamId, expected: Version, found: Version) -> Result<(), StoreError> {
    if found == expected {
        return Ok(());
    }
    let what = format!("event {expected} is missing, the next one is {found}");
    Err(corrupt(stream, what))
}
