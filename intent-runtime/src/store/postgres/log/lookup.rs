//! Looking things up in the log.

use sqlx::{PgConnection, Row as _};

use crate::{
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        id::{AggregateId, TenantId},
        timestamp::Timestamp,
        version::Position,
    },
    store::{
        error::StoreError,
        lookup::{
            EventPage, Halving, ListStreams, LookBack, ReadCorrelation, actor_token, first_of_all,
            lowered, page_back,
        },
        postgres::{
            command,
            connection::{pool::Pool, run::RunError},
            log::read::{LogReader, columns, event},
            rows::get,
        },
        selection::NameLists,
    },
};

const LOOK_BACK: &str = concat!(
    include_str!("../sql/look_back.sql"),
    include_str!("../sql/look_back_end.sql")
);
const LOOK_BACK_OF_TENANT: &str = concat!(
    include_str!("../sql/look_back.sql"),
    include_str!("../sql/look_back_of_tenant.sql"),
    include_str!("../sql/look_back_end.sql")
);

/// The result of one step back.
struct Step {
    /// How many events it looked at, and the position of the oldest.
    looked: (i64, Option<i64>),
    /// The last position that was drawn.
    drawn: i64,
    found: Vec<RecordedEvent>,
}

impl LogReader {
    pub(crate) async fn look_back(&self, look: LookBack<'_>) -> Result<EventPage, StoreError> {
        let from = match look.from {
            Some(from) => i64::try_from(from.position_in(self.store)?).unwrap_or(i64::MAX),
            None => i64::MAX,
        };
        self.may_read(look.tenant)?;
        let step = self.pool.run((look, from), |(look, from), connection| {
            Box::pin(step(connection, *look, *from))
        });
        let step = step.await?;
        if let Some(cursor) = look.from.filter(|_| from > step.drawn) {
            return Err(cursor.beyond_the_end());
        }
        page_back(self.store, &look, step.looked, step.found)
    }

    pub(crate) async fn correlation(&self, read: ReadCorrelation) -> Result<EventPage, StoreError> {
        let after = i64::try_from(read.after.position_in(self.store)?).unwrap_or(i64::MAX);
        let found = self.pool.run((read, after), |(read, after), connection| {
            Box::pin(correlated(connection, *read, *after))
        });
        let (naming, of_command) = found.await?;
        read.page(self.store, naming, of_command)
    }

    pub(crate) async fn cursor_at(
        &self,
        tenant: Option<TenantId>,
        time: Timestamp,
    ) -> Result<Cursor, StoreError> {
        self.may_read(tenant)?;
        let position = self.pool.run((tenant, time), |(tenant, time), connection| {
            Box::pin(stood_at(connection, *tenant, *time))
        });
        Ok(Cursor::at(self.store, position.await?))
    }
}

async fn step(
    connection: &mut PgConnection,
    look: LookBack<'_>,
    from: i64,
) -> Result<Step, RunError> {
    let names = NameLists::of(look.filter);
    let ids = look.filter.aggregate_ids.iter().map(AggregateId::as_uuid);
    let sql = match look.tenant {
        None | Some(TenantId::DEFAULT) => LOOK_BACK,
        Some(_) => LOOK_BACK_OF_TENANT,
    };
    let rows = sqlx::query(sql)
        .bind(look.tenant.map(|tenant| tenant.as_uuid()))
        .bind(from)
        .bind(i64::try_from(LookBack::STEP).unwrap_or(i64::MAX))
        .bind(names.any)
        .bind(names.aggregate_types)
        .bind(names.event_types)
        .bind(names.pairs)
        .bind(ids.collect::<Vec<_>>())
        .bind(look.actor.map(actor_token))
        .bind(look.text.map(lowered))
        .bind(i64::try_from(look.limit.max(1)).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await?;
    let (head, rows) = rows.split_first().ok_or(sqlx::Error::RowNotFound)?;
    let [count, lowest, drawn]: [Option<i64>; 3] = head.try_get(0)?;
    let columns = columns(head)?;
    let found: Result<_, RunError> = rows.iter().map(|row| event(row, columns)).collect();
    Ok(Step {
        looked: (count.unwrap_or(0), lowest),
        drawn: drawn.unwrap_or(0),
        found: found?,
    })
}

/// The events behind a position that name a correlation, and all of the command that has its id.
async fn correlated(
    connection: &mut PgConnection,
    read: ReadCorrelation,
    after: i64,
) -> Result<(Vec<RecordedEvent>, Vec<RecordedEvent>), RunError> {
    let rows = sqlx::query(include_str!("../sql/correlation.sql"))
        .bind(read.tenant.as_uuid())
        .bind(read.id.as_uuid())
        .bind(after)
        .bind(i64::try_from(read.limit.max(1)).unwrap_or(i64::MAX))
        .fetch_all(&mut *connection)
        .await?;
    let mut naming = Vec::with_capacity(rows.len());
    for row in &rows {
        let drawn: i64 = row.try_get(0)?;
        if after > drawn {
            return Err(RunError::Error(read.after.beyond_the_end()));
        }
        let tenant: Option<uuid::Uuid> = row.try_get(1)?;
        if tenant.is_some() {
            naming.push(event(row, columns(row)?)?);
        }
    }
    // Read later, so that no event is seen without the command that led to it.
    let of_command = command::events(connection, read.tenant, read.command()).await?;
    Ok((naming, of_command))
}

async fn stood_at(
    connection: &mut PgConnection,
    tenant: Option<TenantId>,
    time: Timestamp,
) -> Result<Position, RunError> {
    let sql = match tenant {
        None | Some(TenantId::DEFAULT) => include_str!("../sql/first_after.sql"),
        Some(_) => include_str!("../sql/first_after_of_tenant.sql"),
    };
    let mut halving = Halving::new(time);
    while let Some(middle) = halving.middle() {
        let first = sqlx::query_as(sql)
            .bind(tenant.map(|tenant| tenant.as_uuid()))
            .bind(middle)
            .fetch_optional(&mut *connection)
            .await?;
        halving.take(middle, first);
    }
    Ok(halving.found())
}

/// The aggregates of a type.
pub(crate) async fn streams(
    pool: &Pool,
    list: &ListStreams,
) -> Result<Vec<AggregateId>, StoreError> {
    pool.run(list, |list, connection| {
        Box::pin(list_streams(connection, list))
    })
    .await
}

async fn list_streams(
    connection: &mut PgConnection,
    list: &ListStreams,
) -> Result<Vec<AggregateId>, RunError> {
    let from = match list.after {
        Some(id) => begun(&mut *connection, list, id).await?,
        None if list.newest_first => i64::MAX,
        None => 0,
    };
    let names: Vec<&str> = list.aggregate_type.names().collect();
    let sql = if list.newest_first {
        include_str!("../sql/streams_newest.sql")
    } else {
        include_str!("../sql/streams.sql")
    };
    let begun: Vec<(i64, uuid::Uuid)> = sqlx::query_as(sql)
        .bind(list.tenant.as_uuid())
        .bind(&names)
        .bind(from)
        .bind(i64::try_from(list.limit).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await?;
    let begun = begun
        .into_iter()
        .map(|(position, id)| (position, AggregateId::from_uuid(id)));
    Ok(first_of_all(begun.collect(), list))
}

/// The position at which an aggregate begins, after which a list goes on.
async fn begun(
    connection: &mut PgConnection,
    list: &ListStreams,
    id: AggregateId,
) -> Result<i64, RunError> {
    let stream = list.stream(id);
    let row = sqlx::query(include_str!("../sql/begun.sql"))
        .bind(list.tenant.as_uuid())
        .bind(id.as_uuid())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else {
        return Err(RunError::Error(StoreError::UnknownStream { stream }));
    };
    let found: String = get(&row, 1, &stream)?;
    if !stream.aggregate_type.is(&found) {
        return Err(RunError::Error(StoreError::WrongAggregate {
            stream,
            found,
        }));
    }
    Ok(get(&row, 0, &stream)?)
}
