//! Reading the log in order, past no event that may yet come.

use std::ops::ControlFlow;

use futures_util::TryStreamExt;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::{
    column,
    error::Place,
    read::{Broken, Reader, give_back, patiently},
    settle::Settler,
};
use crate::{
    AggregateId, Cursor, Position, StoreError, StreamId, TenantId, Timestamp,
    store::{EventSink, LogHealth, LogPage, LogWriter, NextPage, ReadLog},
};

macro_rules! of_log {
    ($file:literal) => {
        concat!(include_str!("sql/log_setting.sql"), include_str!($file))
    };
}

/// How many bytes one page may have, as they are stored, unless a single event has more.
const PAGE_BYTES: i64 = 8 * 1024 * 1024;

/// The part of the store that reads the log.
#[derive(Debug)]
pub(super) struct LogReader {
    reader: Reader,
    settler: Settler,
    /// Tells this store's cursors from those of another.
    store: Uuid,
    /// Whether the role may read the events of all tenants.
    reads_all: bool,
}

/// Up to where a page can be read.
struct Ahead {
    end: i64,
    next: NextPage,
}

impl LogReader {
    /// Asks on a connection who the store is and what its role may read.
    pub(super) async fn new(
        reader: Reader,
        settler: Settler,
        connection: &mut PgConnection,
    ) -> Result<Self, sqlx::Error> {
        let store = sqlx::query_scalar(include_str!("sql/store_id.sql"));
        let may_read_all = sqlx::query_scalar(include_str!("sql/may_read_all.sql"));
        Ok(Self {
            reader,
            settler,
            store: store.fetch_one(&mut *connection).await?,
            reads_all: may_read_all.fetch_one(connection).await?,
        })
    }

    pub(super) async fn read(
        &self,
        read: ReadLog<'_>,
        sink: &mut EventSink<'_>,
    ) -> Result<LogPage, StoreError> {
        // A page of nothing would have no end.
        let read = ReadLog {
            limit: read.limit.max(1),
            ..read
        };
        let after = i64::try_from(read.after.position_in(self.store)?).unwrap_or(i64::MAX);
        if read.tenant.is_none() && !self.reads_all {
            return Err(StoreError::Forbidden {
                place: self.place().to_string(),
                source: "the log of all tenants is for roles given it with `SELECT intent.grant_reader('ROLE')`".into(),
            });
        }
        let mut tries = self.reader.tries();
        loop {
            // A connection that was alive before the settler is asked: one that had been opened before a crash would fail.
            let mut connection = self.reader.acquire().await?;
            let mut given = false;
            let mut noted = |event| {
                given = true;
                sink(event)
            };
            let page = self.page(&mut connection, read, after, &mut noted);
            let page = page.await;
            match give_back(connection, page) {
                Ok(page) => return Ok(page),
                // What the sink was given cannot be taken back.
                Err(broken) if given => tries = self.reader.left(1, broken).await?,
                Err(broken) => tries = self.reader.left(tries, broken).await?,
            }
        }
    }

    async fn page(
        &self,
        connection: &mut PgConnection,
        read: ReadLog<'_>,
        after: i64,
        sink: &mut EventSink<'_>,
    ) -> Result<LogPage, Broken> {
        let ahead = self.look_ahead(connection, read, after).await?;
        let mut end = ahead.end;
        if end > after {
            end = self.give(connection, read, after, end, sink).await?;
        }
        Ok(LogPage {
            cursor: match end {
                0 => Cursor::START,
                end => Cursor::after(self.store, Position::new(end.unsigned_abs())),
            },
            next: if end < ahead.end {
                NextPage::More
            } else {
                ahead.next
            },
        })
    }

    /// Finds out how far the log can be read from a position.
    async fn look_ahead(
        &self,
        connection: &mut PgConnection,
        read: ReadLog<'_>,
        after: i64,
    ) -> Result<Ahead, Broken> {
        let mut known = self.settler.known().await?;
        loop {
            let seen = self.positions(connection, read, after).await?;
            // Without a gap nothing can be missing.
            let dense = seen.dense_end(after);
            if seen.last() <= dense {
                return Ok(seen.page(after, dense, read.limit));
            }
            let now = self.settler.step().await?;
            let safe = dense.max(known.held_until(now));
            if safe > after || now.position() <= after {
                return Ok(seen.page(after, safe, read.limit));
            }
            // What has settled since was perhaps not seen yet.
            known = now;
        }
    }

    async fn positions(
        &self,
        connection: &mut PgConnection,
        read: ReadLog<'_>,
        after: i64,
    ) -> Result<Seen, Broken> {
        let ahead = sqlx::query(include_str!("sql/log_ahead.sql"))
            .bind(after)
            .bind(i64::try_from(read.limit).unwrap_or(i64::MAX));
        let row = patiently(self.place(), ahead.fetch_one(connection)).await?;
        if row.try_get(3)? {
            return Err(Broken::Error(StoreError::Unsupported {
                place: self.place().to_string(),
                what: "a replica, which cannot tell what is still under way: read the log of the primary",
            }));
        }
        let last_drawn: i64 = row.try_get(2)?;
        if after > last_drawn {
            return Err(Broken::Error(read.after.beyond_the_end()));
        }
        Ok(Seen {
            positions: row.try_get(0)?,
            sizes: row.try_get(1)?,
        })
    }

    /// Gives the wanted events of a page to the sink, and says how far it came.
    async fn give(
        &self,
        connection: &mut PgConnection,
        read: ReadLog<'_>,
        after: i64,
        end: i64,
        sink: &mut EventSink<'_>,
    ) -> Result<i64, Broken> {
        let ids = read.filter.aggregate_ids.iter().map(AggregateId::as_uuid);
        let mut rows = sqlx::query(of_log!("sql/read_log.sql"))
            .bind(read.tenant.map(|tenant| tenant.as_uuid()))
            .bind(after)
            .bind(end)
            .bind(&read.filter.aggregate_types)
            .bind(&read.filter.event_types)
            .bind(ids.collect::<Vec<_>>())
            .fetch(connection);
        while let Some(row) = patiently(self.place(), rows.try_next()).await? {
            let stream = StreamId {
                tenant_id: TenantId::from_uuid(row.try_get("tenant_id")?),
                aggregate_type: row.try_get::<String, _>("aggregate_type")?.into(),
                aggregate_id: AggregateId::from_uuid(row.try_get("aggregate_id")?),
            };
            let event = column::recorded(&row, &stream)?;
            let position = event.position;
            if sink(event) == ControlFlow::Break(()) {
                return Ok(i64::try_from(position.get()).unwrap_or(end));
            }
        }
        Ok(end)
    }

    pub(super) async fn health(&self) -> Result<LogHealth, StoreError> {
        let failed = |error: sqlx::Error| self.place().error(error);
        let rows = self
            .reader
            .rows(|| sqlx::query(include_str!("sql/log_health.sql")));
        let rows = rows.await?;
        let mut health = LogHealth::default();
        for row in rows {
            let since: Option<Timestamp> = row.try_get(1).map_err(failed)?;
            health.writers.push(LogWriter::new(
                row.try_get(0).map_err(failed)?,
                since,
                row.try_get(2).map_err(failed)?,
                row.try_get(3).map_err(failed)?,
            ));
        }
        Ok(health)
    }

    fn place(&self) -> &Place {
        &self.reader.place
    }
}

/// The positions behind a cursor that can be seen.
struct Seen {
    positions: Vec<i64>,
    sizes: Vec<i32>,
}

impl Seen {
    fn last(&self) -> i64 {
        self.positions.last().copied().unwrap_or(0)
    }

    /// The end of the run of positions that follow each other without a gap.
    fn dense_end(&self, after: i64) -> i64 {
        let dense = (after + 1..).zip(&self.positions);
        let dense = dense.take_while(|(expected, position)| expected == *position);
        dense.last().map_or(after, |(expected, _)| expected)
    }

    /// The page that ends at a position at the latest.
    fn page(&self, after: i64, safe: i64, limit: usize) -> Ahead {
        let mut page = Ahead {
            end: after,
            next: NextPage::End,
        };
        let mut bytes = 0;
        for (position, size) in self.positions.iter().zip(&self.sizes) {
            bytes += i64::from(*size);
            if *position > safe {
                page.next = NextPage::HeldUp;
                return page;
            }
            if page.end > after && bytes > PAGE_BYTES {
                page.next = NextPage::More;
                return page;
            }
            page.end = *position;
        }
        if self.positions.len() >= limit {
            page.next = NextPage::More;
        }
        page
    }
}
