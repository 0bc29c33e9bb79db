//! Looking things up in the log.

use sqlx::Row as _;
use uuid::Uuid;

use crate::{
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        id::{AggregateId, EventId, TenantId},
        stream::StreamId,
        timestamp::Timestamp,
    },
    store::{
        error::StoreError,
        lookup::{
            EventPage, Halving, ListStreams, LookBack, ReadCorrelation, actor_token, first_of_all,
            lowered, page_back,
        },
        selection::NameLists,
        sqlite::{
            column::{self, corrupt, get},
            log::{self, hex, json},
            read::Reader,
        },
    },
};

const LOOK_BACK: &str = concat!(
    include_str!("sql/look_back.sql"),
    include_str!("sql/look_back_end.sql")
);
const LOOK_BACK_OF_TENANT: &str = concat!(
    include_str!("sql/look_back.sql"),
    include_str!("sql/look_back_of_tenant.sql"),
    include_str!("sql/look_back_end.sql")
);

impl Reader {
    pub(super) async fn event(
        &self,
        tenant: TenantId,
        id: EventId,
    ) -> Result<Option<RecordedEvent>, StoreError> {
        let row = sqlx::query(include_str!("sql/find_event.sql"))
            .bind(column::id(tenant.as_uuid()))
            .bind(column::id(id.as_uuid()))
            .fetch_optional(&self.pool)
            .await;
        let row = row.map_err(|error| self.place.error(error))?;
        row.as_ref().map(log::recorded).transpose()
    }

    pub(super) async fn look_back(&self, look: LookBack<'_>) -> Result<EventPage, StoreError> {
        let last = self.end().await?.get();
        let from = match look.from {
            Some(from) => from.position_in(self.store)?,
            None => last,
        };
        if let Some(cursor) = look.from.filter(|_| from > last) {
            return Err(cursor.beyond_the_end());
        }
        let names = NameLists::of(look.filter);
        let ids: Vec<String> = look.filter.aggregate_ids.iter().map(hex).collect();
        let sql = match look.tenant {
            None | Some(TenantId::DEFAULT) => LOOK_BACK,
            Some(_) => LOOK_BACK_OF_TENANT,
        };
        let limit = look.limit.max(1);
        let rows = sqlx::query(sql)
            .bind(i64::try_from(from).unwrap_or(i64::MAX))
            .bind(i64::try_from(LookBack::STEP).unwrap_or(i64::MAX))
            .bind(look.tenant.map(|tenant| column::id(tenant.as_uuid())))
            .bind(names.any)
            .bind(json(names.aggregate_types))
            .bind(json(names.event_types))
            .bind(json(names.pairs))
            .bind((!ids.is_empty()).then(|| json(ids)))
            .bind(look.actor.map(actor_token))
            .bind(look.text.map(lowered))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await;
        let rows = rows.map_err(|error| self.place.error(error))?;
        let mut looked = 0;
        let mut lowest = None;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            looked = row
                .try_get("looked")
                .map_err(|error| self.place.error(error))?;
            lowest = row
                .try_get("lowest")
                .map_err(|error| self.place.error(error))?;
            let position: Option<i64> = row
                .try_get("position")
                .map_err(|error| self.place.error(error))?;
            if position.is_some() {
                found.push(log::recorded(row)?);
            }
        }
        page_back(self.store, &look, (looked, lowest), found)
    }

    pub(super) async fn correlation(&self, read: ReadCorrelation) -> Result<EventPage, StoreError> {
        let after = read.after.position_in(self.store)?;
        if after > self.end().await?.get() {
            return Err(read.after.beyond_the_end());
        }
        let mut connection = self.connection().await?;
        let rows = sqlx::query(include_str!("sql/correlation.sql"))
            .bind(column::id(read.tenant.as_uuid()))
            .bind(column::id(read.id.as_uuid()))
            .bind(i64::try_from(after).unwrap_or(i64::MAX))
            .bind(i64::try_from(read.limit.max(1)).unwrap_or(i64::MAX))
            .fetch_all(&mut *connection)
            .await;
        let rows = rows.map_err(|error| self.place.error(error))?;
        let naming = rows.iter().map(log::recorded).collect::<Result<_, _>>()?;
        // Read later, so that no event is seen without the command that led to it.
        let of_command = self.events_of_command(&mut connection, read.tenant, read.command());
        read.page(self.store, naming, of_command.await?)
    }

    pub(super) async fn cursor_at(
        &self,
        tenant: Option<TenantId>,
        time: Timestamp,
    ) -> Result<Cursor, StoreError> {
        let mut halving = Halving::new(time);
        while let Some(middle) = halving.middle() {
            halving.take(middle, self.first_after(tenant, middle).await?);
        }
        Ok(Cursor::at(self.store, halving.found()))
    }

    async fn first_after(
        &self,
        tenant: Option<TenantId>,
        after: i64,
    ) -> Result<Option<(i64, Timestamp)>, StoreError> {
        let sql = match tenant {
            None | Some(TenantId::DEFAULT) => include_str!("sql/first_after.sql"),
            Some(_) => include_str!("sql/first_after_of_tenant.sql"),
        };
        let row = sqlx::query_as(sql)
            .bind(after)
            .bind(tenant.map(|tenant| column::id(tenant.as_uuid())))
            .fetch_optional(&self.pool)
            .await;
        let row: Option<(i64, i64)> = row.map_err(|error| self.place.error(error))?;
        let Some((position, micros)) = row else {
            return Ok(None);
        };
        let time = Timestamp::from_micros(micros).unwrap_or(Timestamp::MAX);
        Ok(Some((position, time)))
    }

    pub(super) async fn streams(&self, list: &ListStreams) -> Result<Vec<AggregateId>, StoreError> {
        let from = match list.after {
            Some(id) => self.begun(list, id).await?,
            None if list.newest_first => i64::MAX,
            None => 0,
        };
        let sql = if list.newest_first {
            include_str!("sql/streams_newest.sql")
        } else {
            include_str!("sql/streams.sql")
        };
        let mut begun = Vec::new();
        for name in list.aggregate_type.names() {
            let rows = sqlx::query_as(sql)
                .bind(column::id(list.tenant.as_uuid()))
                .bind(name.to_owned())
                .bind(from)
                .bind(i64::try_from(list.limit).unwrap_or(i64::MAX))
                .fetch_all(&self.pool)
                .await;
            let rows: Vec<(i64, Vec<u8>)> = rows.map_err(|error| self.place.error(error))?;
            for (position, id) in rows {
                let id = Uuid::from_slice(&id).map_err(|error| {
                    let stream = list.stream(AggregateId::from_uuid(Uuid::nil()));
                    corrupt(&stream, format!("an aggregate id: {error}"))
                })?;
                begun.push((position, AggregateId::from_uuid(id)));
            }
        }
        Ok(first_of_all(begun, list))
    }

    /// The position at which an aggregate begins, after which a list goes on.
    async fn begun(&self, list: &ListStreams, id: AggregateId) -> Result<i64, StoreError> {
        let stream: StreamId = list.stream(id);
        let row = sqlx::query(include_str!("sql/begun.sql"))
            .bind(column::id(list.tenant.as_uuid()))
            .bind(column::id(id.as_uuid()))
            .fetch_optional(&self.pool)
            .await;
        let Some(row) = row.map_err(|error| self.place.error(error))? else {
            return Err(StoreError::UnknownStream { stream });
        };
        let found: String = get(&row, "aggregate_type", &stream)?;
        if !stream.aggregate_type.is(&found) {
            return Err(StoreError::WrongAggregate { stream, found });
        }
        get(&row, "position", &stream)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection, SqliteConnection};

    #[tokio::test]
    async fn a_time_is_looked_up_by_an_index_of_positions() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let tables = include_str!("migrations/0001_events_and_snapshots.sql");
        let made = sqlx::raw_sql(tables).execute(&mut connection).await;
        made.unwrap();
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
}
