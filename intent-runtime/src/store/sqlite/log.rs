//! Reading the log, and looking things up in it. The one writer takes positions in order, and no transaction becomes visible
//! before an earlier one. So the log can be read up to its end at any time.

use std::ops::ControlFlow;

use futures_util::TryStreamExt;
use sqlx::{
    Row, Sqlite, SqliteConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        id::{AggregateId, EventId, TenantId},
        stream::StreamId,
        timestamp::Timestamp,
        version::{Position, Version},
    },
    store::{
        AsOfTime, EventSink,
        check::{column, version},
        error::StoreError,
        log::{LogHealth, LogPage, NextPage, ReadLog},
        lookup::{
            EventPage, Halving, ListStreams, LookBack, ReadCorrelation, Room, StepBack,
            actor_token, first_of_all, lowered,
        },
        port::{Log, StoreFuture},
        selection::{LogSelection, NameLists},
        sqlite::{
            SqliteStore,
            column::{get, recorded},
            error::RunError,
            read::{check_type, events_of_command_behind, of_stream},
        },
    },
};

macro_rules! of_streams {
    ($file:literal) => {
        concat!(include_str!("sql/streams_behind.sql"), include_str!($file))
    };
}

const PAGE_OF_STREAMS: &str = of_streams!("sql/page_of_streams.sql");
const READ_LOG_OF_STREAMS: &str = of_streams!("sql/read_log_of_streams.sql");

macro_rules! read_log {
    ($from:literal) => {
        concat!(
            include_str!("sql/read_log.sql"),
            $from,
            include_str!("sql/read_log_end.sql")
        )
    };
}

const READ_LOG: &str = read_log!("FROM intent_events WHERE (?3 IS NULL OR tenant_id = ?3)\n");
/// By the index of a tenant's positions, which lacks the default tenant.
const READ_LOG_OF_TENANT: &str = read_log!(
    "FROM intent_events INDEXED BY intent_events_tenant
     WHERE tenant_id = ?3 AND tenant_id <> x'00000000000000000000000000000000'\n"
);

macro_rules! look_back {
    ($($of_tenant:literal)?) => {
        concat!(
            include_str!("sql/look_back.sql"),
            $(include_str!($of_tenant),)?
            include_str!("sql/look_back_end.sql")
        )
    };
}

macro_rules! streams {
    ($side:literal, $order:literal) => {
        concat!(
            include_str!("sql/streams.sql"),
            "AND position ",
            $side,
            " ?3 ORDER BY position ",
            $order,
            " LIMIT ?4;"
        )
    };
}

impl Log for SqliteStore {
    fn read_log<'a>(
        &'a self,
        read: ReadLog<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, LogPage> {
        Box::pin(self.read(async move |connection: &mut SqliteConnection| {
            read_log(connection, self.id, read, sink).await
        }))
    }

    fn version_as_of<'a>(
        &'a self,
        stream: &'a StreamId,
        time: AsOfTime,
    ) -> StoreFuture<'a, Version> {
        Box::pin(self.read(async move |connection: &mut SqliteConnection| {
            let own = matches!(time, AsOfTime::Occurred(_));
            let (AsOfTime::Recorded(time) | AsOfTime::Occurred(time)) = time;
            let row = of_stream(include_str!("sql/as_of.sql"), stream);
            let row = row.bind(time.as_micros()).bind(own);
            let Some(row) = row.fetch_optional(connection).await? else {
                return Ok(Version::NONE);
            };
            check_type(stream, &row)?;
            Ok(version(get(&row, "version", stream)?))
        }))
    }

    fn event(&self, tenant: TenantId, id: EventId) -> StoreFuture<'_, Option<RecordedEvent>> {
        Box::pin(self.read(async move |connection: &mut SqliteConnection| {
            event(connection, tenant, id).await
        }))
    }

    fn look_back<'a>(&'a self, look: LookBack<'a>) -> StoreFuture<'a, EventPage> {
        Box::pin(self.read(async move |connection: &mut SqliteConnection| {
            let last = last_position(connection).await?;
            let from = match look.from {
                Some(from) => place(from, self.id, last)?,
                None => last,
            };
            let sql = match look.tenant {
                None | Some(TenantId::DEFAULT) => look_back!(),
                Some(_) => look_back!("sql/look_back_of_tenant.sql"),
            };
            let wanted = Wanted::of(look.tenant, look.filter);
            let rows = wanted
                .query(sql, (from, column(LookBack::STEP)))
                .bind(look.actor.map(actor_token))
                .bind(look.text.map(lowered))
                .bind(column(look.limit.max(1)))
                .bind(column(EventPage::MAX_BYTES))
                .fetch_all(connection)
                .await?;
            step_back(&rows)?
                .page(self.id, &look)
                .map_err(RunError::from)
        }))
    }

    fn correlation(&self, read: ReadCorrelation) -> StoreFuture<'_, EventPage> {
        Box::pin(self.read(async move |connection: &mut SqliteConnection| {
            let last = last_position(connection).await?;
            let after = place(read.after, self.id, last)?;
            let mut room = Room::of(read.limit);
            let mut naming = Vec::new();
            let mut rows = sqlx::query(include_str!("sql/correlation.sql"))
                .bind(read.tenant.as_uuid())
                .bind(read.id.as_uuid())
                .bind(after)
                .bind(column(read.limit.max(1)))
                .fetch(&mut *connection);
            while !room.is_full()
                && let Some(row) = rows.try_next().await?
            {
                let event = recorded(&row)?;
                // One that does not fit shows that the page ends before it.
                room.take(&event);
                naming.push(event);
            }
            drop(rows);
            // Read later, so that no event is seen without the command that led to it.
            let room = Room::of(read.limit);
            let of_command =
                events_of_command_behind(connection, read.tenant, read.command(), after, room);
            Ok(read.page(self.id, naming, of_command.await?)?)
        }))
    }

    fn cursor_at(&self, tenant: Option<TenantId>, time: Timestamp) -> StoreFuture<'_, Cursor> {
        Box::pin(self.read(async move |connection: &mut SqliteConnection| {
            let sql = match tenant {
                None | Some(TenantId::DEFAULT) => include_str!("sql/first_after.sql"),
                Some(_) => include_str!("sql/first_after_of_tenant.sql"),
            };
            let mut halving = Halving::below(i64::MAX);
            while let Some(middle) = halving.middle() {
                let first = sqlx::query_as(sql)
                    .bind(middle)
                    .bind(tenant.map(|tenant| tenant.as_uuid()))
                    .fetch_optional(&mut *connection);
                let first: Option<(i64, Timestamp)> = first.await?;
                let before = first.filter(|(_, recorded_at)| *recorded_at <= time);
                halving.take(middle, before.map(|(position, _)| position));
            }
            Ok(Cursor::at(
                self.id,
                Position::new(halving.found().unsigned_abs()),
            ))
        }))
    }

    fn streams(&self, list: ListStreams) -> StoreFuture<'_, Vec<AggregateId>> {
        Box::pin(self.read(async move |connection: &mut SqliteConnection| {
            let from = match list.after {
                Some(id) => begun(connection, list.stream(id)).await?,
                None if list.newest_first => i64::MAX,
                None => 0,
            };
            let sql = match list.newest_first {
                true => streams!("<", "DESC"),
                false => streams!(">", "ASC"),
            };
            let mut begun = Vec::new();
            for name in list.aggregate_type.names() {
                let named = sqlx::query_as::<_, (i64, Uuid)>(sql)
                    .bind(list.tenant.as_uuid())
                    .bind(name.to_owned())
                    .bind(from)
                    .bind(column(list.limit))
                    .fetch_all(&mut *connection);
                begun.extend(named.await?);
            }
            Ok(first_of_all(begun, &list))
        }))
    }

    fn events_after(&self, after: Cursor, limit: u64) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let bound = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            let (after, limit) = (bound(after.position_in(self.id)?), bound(limit));
            self.read(async |connection: &mut SqliteConnection| {
                let counted = sqlx::query_scalar(include_str!("sql/events_after.sql"));
                let counted: i64 = counted
                    .bind(after)
                    .bind(limit)
                    .fetch_one(connection)
                    .await?;
                Ok(counted.unsigned_abs())
            })
            .await
        })
    }

    fn log_health(&self) -> StoreFuture<'_, LogHealth> {
        Box::pin(self.read(async |connection: &mut SqliteConnection| {
            let end = Position::new(last_position(connection).await?.unsigned_abs());
            Ok(LogHealth {
                end,
                // The one writer leaves no gaps.
                settled: Some(end),
                ..LogHealth::default()
            })
        }))
    }

    fn wake_ups(&self) -> watch::Receiver<()> {
        self.grown.subscribe()
    }
}

async fn read_log(
    connection: &mut SqliteConnection,
    store: Uuid,
    read: ReadLog<'_>,
    sink: &mut EventSink<'_>,
) -> Result<LogPage, RunError> {
    let last = last_position(connection).await?;
    let after = place(read.after, store, last)?;
    // A page of nothing would have no end.
    let limit = column(read.limit.max(1));
    let wanted = Wanted::of(read.tenant, read.filter);
    let query = |sql, end| wanted.query(sql, (after, end)).bind(limit);
    // Events of some aggregates or of a tenant are found without looking at the others.
    let of_tenant = read.tenant.is_some_and(|it| it != TenantId::DEFAULT);
    let (full, sql) = if !read.filter.aggregate_ids.is_empty() {
        (Some(PAGE_OF_STREAMS), READ_LOG_OF_STREAMS)
    } else if of_tenant {
        let full = include_str!("sql/page_of_tenant.sql");
        (Some(full), READ_LOG_OF_TENANT)
    } else {
        (None, READ_LOG)
    };
    let mut end = match full {
        None => last.min(after.saturating_add(limit)),
        Some(full) => match query(full, last).fetch_optional(&mut *connection).await? {
            Some(full) => full.try_get(0)?,
            None => last,
        },
    };
    let mut rows = query(sql, end).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let event = recorded(&row)?;
        let position = event.position;
        if sink(event) == ControlFlow::Break(()) {
            end = column(position.get());
            break;
        }
    }
    Ok(LogPage {
        cursor: Cursor::at(store, Position::new(end.unsigned_abs())),
        next: match end < last {
            true => NextPage::More,
            false => NextPage::End,
        },
    })
}

/// The parameters of a query for the wanted events of a tenant, or of all, that a selection has.
struct Wanted {
    tenant: Option<Uuid>,
    any: bool,
    aggregate_types: String,
    event_types: String,
    pairs: String,
    aggregate_ids: Option<String>,
}

impl Wanted {
    fn of(tenant: Option<TenantId>, filter: &LogSelection) -> Self {
        let json = |items: Vec<String>| serde_json::Value::from(items).to_string();
        let ids = filter.aggregate_ids.iter();
        let ids: Vec<String> = ids
            .map(|id| format!("{:X}", id.as_uuid().as_simple()))
            .collect();
        let names = NameLists::of(filter);
        Self {
            tenant: tenant.map(|tenant| tenant.as_uuid()),
            any: names.any,
            aggregate_types: json(names.aggregate_types),
            event_types: json(names.event_types),
            pairs: json(names.pairs),
            aggregate_ids: (!ids.is_empty()).then(|| json(ids)),
        }
    }

    /// The query. The two numbers come first.
    fn query(
        &self,
        sql: &'static str,
        (first, second): (i64, i64),
    ) -> Query<'_, Sqlite, SqliteArguments> {
        sqlx::query(sql)
            .bind(first)
            .bind(second)
            .bind(self.tenant)
            .bind(self.any)
            .bind(&*self.aggregate_types)
            .bind(&*self.event_types)
            .bind(&*self.pairs)
            .bind(self.aggregate_ids.as_deref())
    }
}

/// The position of a cursor of this store, whose log ends at a position.
fn place(cursor: Cursor, store: Uuid, last: i64) -> Result<i64, StoreError> {
    let place = column(cursor.position_in(store)?);
    if place > last {
        return Err(cursor.beyond_the_end());
    }
    Ok(place)
}

/// The position of the last event; 0 if there is none.
async fn last_position(connection: &mut SqliteConnection) -> Result<i64, RunError> {
    let last = sqlx::query_scalar(include_str!("sql/log_end.sql"));
    let last: Option<i64> = last.fetch_one(connection).await?;
    Ok(last.unwrap_or(0))
}

/// The event of a tenant with an id.
pub(super) async fn event(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    id: EventId,
) -> Result<Option<RecordedEvent>, RunError> {
    let row = sqlx::query(include_str!("sql/find_event.sql"))
        .bind(tenant.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(connection)
        .await?;
    Ok(row.as_ref().map(recorded).transpose()?)
}

fn step_back(rows: &[SqliteRow]) -> Result<StepBack, RunError> {
    let head = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let (looked, lowest): (i64, Option<i64>) = (head.try_get("looked")?, head.try_get("lowest")?);
    let none: Option<i64> = head.try_get("position")?;
    let found = if none.is_none() { &[] } else { rows };
    Ok(StepBack {
        looked,
        lowest,
        wanted: head.try_get("wanted")?,
        found: found.iter().map(recorded).collect::<Result<_, _>>()?,
    })
}

/// The position at which a stream begins, after which a list goes on.
async fn begun(connection: &mut SqliteConnection, stream: StreamId) -> Result<i64, RunError> {
    let row = of_stream(include_str!("sql/begun.sql"), &stream);
    let Some(row) = row.fetch_optional(connection).await? else {
        return Err(StoreError::UnknownStream { stream }.into());
    };
    check_type(&stream, &row)?;
    Ok(get(&row, "position", &stream)?)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use sqlx::Connection;

    use super::*;

    async fn with_tables() -> SqliteConnection {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let tables = include_str!("migrations/0001_events_and_snapshots.sql");
        let made = sqlx::raw_sql(tables).execute(&mut connection).await;
        made.unwrap();
        connection
    }

    #[tokio::test]
    async fn a_time_is_looked_up_by_an_index_of_positions() {
        let mut connection = with_tables().await;
        let first_after = concat!("EXPLAIN QUERY PLAN ", include_str!("sql/first_after.sql"));
        let of_tenant = concat!(
            "EXPLAIN QUERY PLAN ",
            include_str!("sql/first_after_of_tenant.sql")
        );
        for (sql, index) in [
            (first_after, "INTEGER PRIMARY KEY (rowid>?)"),
            (
                of_tenant,
                "INDEX intent_events_tenant (tenant_id=? AND rowid>?)",
            ),
        ] {
            let plan = sqlx::query_as(sql).bind(0).bind(vec![1_u8; 16]);
            let plan: Vec<(i64, i64, i64, String)> = plan.fetch_all(&mut connection).await.unwrap();
            let steps: Vec<_> = plan.into_iter().map(|(.., step)| step).collect();
            assert_eq!(steps, [format!("SEARCH intent_events USING {index}")]);
        }
    }

    /// The steps of SQLite's machine count what a page costs.
    #[tokio::test]
    async fn a_page_of_a_stream_costs_the_same_however_long_the_stream_is() {
        let mut connection = with_tables().await;
        let (short, long) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for (id, events) in [(short, 100), (long, 20_000)] {
            let fill = sqlx::query(
                "WITH RECURSIVE new (version) AS (SELECT 1 UNION ALL SELECT version + 1 FROM new WHERE version < ?2)
                 INSERT INTO intent_events SELECT NULL, zeroblob(16), ?1, version, 'Account', randomblob(16), 'Deposited', 1, 0,
                 0, '1', '{}', NULL FROM new",
            );
            let filled = fill.bind(id).bind(events).execute(&mut connection).await;
            filled.unwrap();
        }
        let steps = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&steps);
        let mut handle = connection.lock_handle().await.unwrap();
        handle.set_progress_handler(1, move || {
            counted.fetch_add(1, Ordering::Relaxed);
            true
        });
        drop(handle);
        let mut costs = Vec::new();
        for (id, behind) in [(short, 40), (long, 100), (long, 10_000), (long, 20_000)] {
            let filter = LogSelection::all().aggregate_id(AggregateId::from_uuid(id));
            let after = Cursor::at(Uuid::nil(), Position::new(behind));
            let read = ReadLog::new(after, None, &filter, 50);
            let mut found = 0;
            let mut sink = |_| {
                found += 1;
                ControlFlow::Continue(())
            };
            steps.store(0, Ordering::Relaxed);
            let page = read_log(&mut connection, Uuid::nil(), read, &mut sink).await;
            page.unwrap();
            assert_eq!(found, 50, "behind {behind}");
            costs.push(steps.load(Ordering::Relaxed));
        }
        let cheapest = costs.iter().min().unwrap();
        assert!(costs.iter().all(|cost| *cost < cheapest * 2), "{costs:?}");
    }
}
