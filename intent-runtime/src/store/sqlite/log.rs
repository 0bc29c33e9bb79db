//! Reading the log. The one writer takes positions in order, and no transaction becomes visible before an earlier one. So the
//! log can be read up to its end at any time.

use std::ops::ControlFlow;

use futures_util::TryStreamExt;
use sqlx::{SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        id::{AggregateId, TenantId},
        stream::StreamId,
        version::Position,
    },
    store::{
        EventSink,
        error::StoreError,
        log::{LogPage, NextPage, ReadLog},
        selection::NameLists,
        sqlite::{
            column::{self, corrupt, get},
            error::Place,
            read::Reader,
        },
    },
};

/// The id of the store, which its cursors name.
pub(super) async fn store_id(pool: &SqlitePool, place: &Place) -> Result<Uuid, StoreError> {
    let id = sqlx::query_scalar(include_str!("sql/store_id.sql"));
    let id: Vec<u8> = id
        .fetch_one(pool)
        .await
        .map_err(|error| place.error(error))?;
    Uuid::from_slice(&id).map_err(|_| place.foreign("intent_store"))
}

impl Reader {
    /// The last position.
    pub(super) async fn end(&self) -> Result<Position, StoreError> {
        let last = self.last_position().await?;
        Ok(Position::new(last.unsigned_abs()))
    }

    pub(super) async fn read_log(
        &self,
        read: ReadLog<'_>,
        sink: &mut EventSink<'_>,
    ) -> Result<LogPage, StoreError> {
        let after = i64::try_from(read.after.position_in(self.store)?).unwrap_or(i64::MAX);
        let last = self.last_position().await?;
        if after > last {
            return Err(read.after.beyond_the_end());
        }
        // A page of nothing would have no end.
        let limit = i64::try_from(read.limit.max(1)).unwrap_or(i64::MAX);
        let tenant = read.tenant.map(|tenant| column::id(tenant.as_uuid()));
        let ids: Vec<String> = read.filter.aggregate_ids.iter().map(hex).collect();
        let ids = (!ids.is_empty()).then(|| json(ids));
        // Events of some aggregates or of a tenant are found without looking at the others.
        let (full, sql) = if ids.is_some() {
            let full = sqlx::query_scalar(include_str!("sql/page_of_streams.sql"));
            (Some(full), include_str!("sql/read_log_of_streams.sql"))
        } else if read
            .tenant
            .is_some_and(|tenant| tenant != TenantId::DEFAULT)
        {
            let full = sqlx::query_scalar(include_str!("sql/page_of_tenant.sql"));
            (Some(full), include_str!("sql/read_log_of_tenant.sql"))
        } else {
            (None, include_str!("sql/read_log.sql"))
        };
        let mut end = match full {
            None => last.min(after.saturating_add(limit)),
            Some(full) => {
                let full = full.bind(after).bind(last).bind(tenant.clone()).bind(limit);
                let full = full.bind(ids.clone()).fetch_optional(&self.pool).await;
                full.map_err(|error| self.place.error(error))?
                    .unwrap_or(last)
            }
        };
        let names = NameLists::of(read.filter);
        let mut rows = sqlx::query(sql)
            .bind(after)
            .bind(end)
            .bind(tenant)
            .bind(names.any)
            .bind(json(names.aggregate_types))
            .bind(json(names.event_types))
            .bind(json(names.pairs))
            .bind(ids)
            .fetch(&self.pool);
        while let Some(row) = rows
            .try_next()
            .await
            .map_err(|error| self.place.error(error))?
        {
            let event = recorded(&row)?;
            let position = event.position;
            if sink(event) == ControlFlow::Break(()) {
                end = i64::try_from(position.get()).unwrap_or(i64::MAX);
                break;
            }
        }
        Ok(LogPage {
            cursor: match end {
                0 => Cursor::START,
                end => Cursor::after(self.store, Position::new(end.unsigned_abs())),
            },
            next: if end < last {
                NextPage::More
            } else {
                NextPage::End
            },
        })
    }

    async fn last_position(&self) -> Result<i64, StoreError> {
        let last = sqlx::query_scalar(include_str!("sql/log_end.sql"));
        let last: Option<i64> = last
            .fetch_one(&self.pool)
            .await
            .map_err(|error| self.place.error(error))?;
        Ok(last.unwrap_or(0))
    }
}

pub(super) fn json(items: Vec<String>) -> String {
    serde_json::Value::from(items).to_string()
}

pub(super) fn hex(id: &AggregateId) -> String {
    format!("{:X}", id.as_uuid().as_simple())
}

/// The whole event in a row of `read_log.sql` or `find_event.sql`.
pub(super) fn recorded(row: &SqliteRow) -> Result<RecordedEvent, StoreError> {
    let mut stream = StreamId {
        tenant_id: TenantId::DEFAULT,
        aggregate_type: "".into(),
        aggregate_id: AggregateId::from_uuid(Uuid::nil()),
    };
    let aggregate_type: String = get(row, "aggregate_type", &stream)?;
    stream.aggregate_type = aggregate_type.into();
    stream.tenant_id = TenantId::from_uuid(uuid(row, "tenant_id", &stream)?);
    stream.aggregate_id = AggregateId::from_uuid(uuid(row, "aggregate_id", &stream)?);
    column::recorded(row, &stream)
}

fn uuid(row: &SqliteRow, name: &str, stream: &StreamId) -> Result<Uuid, StoreError> {
    let bytes: &[u8] = get(row, name, stream)?;
    Uuid::from_slice(bytes).map_err(|error| corrupt(stream, format!("its {name}: {error}")))
}
