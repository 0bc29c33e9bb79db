//! The log: reading it in order, how far it is settled, waking its readers, and looking things up in it.

pub(crate) mod horizon;
pub(crate) mod notify;
pub(crate) mod read;
mod route;

use std::time::Duration;

use sqlx::{PgConnection, Row};
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
        check::column,
        error::StoreError,
        log::{LogHealth, LogPage, ReadLog},
        lookup::{
            EventPage, Halving, ListStreams, LookBack, ReadCorrelation, StepBack, actor_token,
            first_of_all, lowered,
        },
        port::{Log, StoreFuture},
        postgres::{
            PgStore,
            connection::error::RunError,
            read::{events_of_command_behind, events_with, version_as_of},
            rows::{EventColumns, get},
        },
        selection::NameLists,
    },
};

macro_rules! look_back {
    ($part:literal) => {
        concat!(
            include_str!("../sql/look_back.sql"),
            include_str!($part),
            include_str!("../sql/look_back_end.sql")
        )
    };
}

macro_rules! first_after {
    ($part:literal) => {
        concat!(
            include_str!("../sql/first_after.sql"),
            $part,
            " LIMIT 1) AS first;"
        )
    };
}

const FIRST_AFTER: &str = first_after!(
    "WHERE position > setting.after AND (setting.tenant IS NULL OR tenant_id = setting.tenant)
     ORDER BY position"
);
const FIRST_AFTER_OF_TENANT: &str = first_after!(
    "-- Of a tenant that is not the default one, by the index of those tenants.
     WHERE tenant_id = setting.tenant AND tenant_id <> '00000000-0000-0000-0000-000000000000'
       AND greatest(position, 0) > setting.after
     ORDER BY greatest(position, 0)"
);

macro_rules! streams {
    ($side:literal, $order:literal) => {
        concat!(
            include_str!("../sql/streams.sql"),
            $side,
            " setting.from_position ORDER BY position ",
            $order,
            " LIMIT setting.count) AS stream;"
        )
    };
}

const STREAMS: &str = streams!("-- Behind it.\nAND position >", "ASC");
const STREAMS_NEWEST: &str = streams!("-- Before it.\nAND position <", "DESC");

impl Log for PgStore {
    fn read_log<'a>(
        &'a self,
        read: ReadLog<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, LogPage> {
        self.explained(self.log.read(read, sink))
    }

    fn version_as_of<'a>(
        &'a self,
        stream: &'a StreamId,
        time: AsOfTime,
    ) -> StoreFuture<'a, Version> {
        let found = self.pool.run((stream, time), |(stream, time), connection| {
            Box::pin(version_as_of(connection, stream, *time))
        });
        self.explained(found)
    }

    fn event(&self, tenant: TenantId, id: EventId) -> StoreFuture<'_, Option<RecordedEvent>> {
        let found = self.pool.run((tenant, id), |(tenant, id), connection| {
            Box::pin(async move {
                let events = events_with(connection, *tenant, [*id].into_iter(), None);
                Ok(events.await?.pop())
            })
        });
        self.explained(found)
    }

    fn look_back<'a>(&'a self, look: LookBack<'a>) -> StoreFuture<'a, EventPage> {
        self.explained(async move {
            let from = match look.from {
                Some(from) => column(from.position_in(self.log.store)?),
                None => i64::MAX,
            };
            self.log.may_read(look.tenant)?;
            let step = self.pool.run((look, from), |(look, from), connection| {
                Box::pin(step_back(connection, *look, *from))
            });
            step.await?.page(self.log.store, &look)
        })
    }

    fn correlation(&self, read: ReadCorrelation) -> StoreFuture<'_, EventPage> {
        self.explained(async move {
            let after = column(read.after.position_in(self.log.store)?);
            let found = self.pool.run((read, after), |(read, after), connection| {
                Box::pin(correlated(connection, *read, *after))
            });
            let (naming, of_command) = found.await?;
            read.page(self.log.store, naming, of_command)
        })
    }

    fn cursor_at(&self, tenant: Option<TenantId>, time: Timestamp) -> StoreFuture<'_, Cursor> {
        self.explained(async move {
            self.log.may_read(tenant)?;
            let position = self.pool.run((tenant, time), |(tenant, time), connection| {
                Box::pin(stood_at(connection, *tenant, *time))
            });
            Ok(Cursor::at(self.log.store, position.await?))
        })
    }

    fn streams(&self, list: ListStreams) -> StoreFuture<'_, Vec<AggregateId>> {
        let listed = self.pool.run(list, |list, connection| {
            Box::pin(list_streams(connection, list))
        });
        self.explained(listed)
    }

    fn log_health(&self) -> StoreFuture<'_, LogHealth> {
        self.explained(async move {
            let mut health = self.log.health().await?;
            self.wake.report(&mut health);
            Ok(health)
        })
    }

    fn wake_ups(&self) -> watch::Receiver<()> {
        self.wake.subscribe()
    }

    fn poll_interval(&self) -> Duration {
        self.wake.poll_interval()
    }
}

async fn step_back(
    connection: &mut PgConnection,
    look: LookBack<'_>,
    from: i64,
) -> Result<StepBack, RunError> {
    let names = NameLists::of(look.filter);
    let ids = look.filter.aggregate_ids.iter().map(AggregateId::as_uuid);
    let sql = match look.tenant {
        None | Some(TenantId::DEFAULT) => look_back!("../sql/look_back_of_all.sql"),
        Some(_) => look_back!("../sql/look_back_of_tenant.sql"),
    };
    let rows = sqlx::query(sql)
        .bind(look.tenant.map(|tenant| tenant.as_uuid()))
        .bind(from)
        .bind(column(LookBack::STEP))
        .bind(names.any)
        .bind(names.aggregate_types)
        .bind(names.event_types)
        .bind(names.pairs)
        .bind(ids.collect::<Vec<_>>())
        .bind(look.actor.map(actor_token))
        .bind(look.text.map(lowered))
        .bind(column(look.limit.max(1)))
        .bind(column(EventPage::MAX_BYTES))
        .fetch_all(connection)
        .await?;
    let (head, rows) = rows.split_first().ok_or(sqlx::Error::RowNotFound)?;
    let [looked, lowest, wanted, drawn]: [Option<i64>; 4] = head.try_get(0)?;
    if let Some(cursor) = look.from.filter(|_| from > drawn.unwrap_or(0)) {
        return Err(cursor.beyond_the_end().into());
    }
    let columns = EventColumns::of(head, 1)?;
    let found = rows.iter().map(|row| columns.event(row));
    Ok(StepBack {
        looked: looked.unwrap_or(0),
        lowest,
        wanted: wanted.unwrap_or(0),
        found: found.collect::<Result<_, _>>()?,
    })
}

/// The events behind a position that name a correlation, and those of the command that has its id.
async fn correlated(
    connection: &mut PgConnection,
    read: ReadCorrelation,
    after: i64,
) -> Result<(Vec<RecordedEvent>, Vec<RecordedEvent>), RunError> {
    let (tenant, limit) = (read.tenant, read.limit.max(1));
    let rows = sqlx::query(include_str!("../sql/correlation.sql"))
        .bind(tenant.as_uuid())
        .bind(read.id.as_uuid())
        .bind(after)
        .bind(column(limit))
        .bind(column(EventPage::MAX_BYTES))
        .fetch_all(&mut *connection)
        .await?;
    let mut naming = Vec::with_capacity(rows.len());
    for row in &rows {
        let drawn: i64 = row.try_get(0)?;
        if after > drawn {
            return Err(read.after.beyond_the_end().into());
        }
        if row.try_get::<Option<Uuid>, _>(1)?.is_some() {
            naming.push(EventColumns::of(row, 1)?.event(row)?);
        }
    }
    // Read later, so that no event is seen without the command that led to it.
    let of_command = events_of_command_behind(connection, tenant, read.command(), after, limit);
    Ok((naming, of_command.await?))
}

async fn stood_at(
    connection: &mut PgConnection,
    tenant: Option<TenantId>,
    time: Timestamp,
) -> Result<Position, RunError> {
    let sql = match tenant {
        None | Some(TenantId::DEFAULT) => FIRST_AFTER,
        Some(_) => FIRST_AFTER_OF_TENANT,
    };
    let mut halving = Halving::below(i64::MAX);
    while let Some(middle) = halving.middle() {
        let first = sqlx::query_as(sql)
            .bind(tenant.map(|tenant| tenant.as_uuid()))
            .bind(middle)
            .fetch_optional(&mut *connection);
        let first: Option<(i64, Timestamp)> = first.await?;
        let before = first.filter(|(_, recorded_at)| *recorded_at <= time);
        halving.take(middle, before.map(|(position, _)| position));
    }
    Ok(Position::new(halving.found().unsigned_abs()))
}

async fn list_streams(
    connection: &mut PgConnection,
    list: &ListStreams,
) -> Result<Vec<AggregateId>, RunError> {
    let from = match list.after {
        Some(id) => begun(&mut *connection, list.stream(id)).await?,
        None if list.newest_first => i64::MAX,
        None => 0,
    };
    let names: Vec<&str> = list.aggregate_type.names().collect();
    let sql = match list.newest_first {
        true => STREAMS_NEWEST,
        false => STREAMS,
    };
    let begun = sqlx::query_as(sql)
        .bind(list.tenant.as_uuid())
        .bind(&names)
        .bind(from)
        .bind(column(list.limit))
        .fetch_all(connection);
    Ok(first_of_all(begun.await?, list))
}

/// The position at which a stream begins, after which a list goes on.
async fn begun(connection: &mut PgConnection, stream: StreamId) -> Result<i64, RunError> {
    let row = sqlx::query(include_str!("../sql/begun.sql"))
        .bind(stream.tenant_id.as_uuid())
        .bind(stream.aggregate_id.as_uuid())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else {
        return Err(StoreError::UnknownStream { stream }.into());
    };
    stream.check_type(get(&row, 1, &stream)?)?;
    Ok(get(&row, 0, &stream)?)
}
