//! Reading the log in order, past no event that may yet come.

use std::{ops::ControlFlow, sync::Arc};

use futures_util::TryStreamExt;
use sqlx::{
    PgConnection, Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use uuid::Uuid;

use crate::{
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        id::{AggregateId, TenantId},
        stream::StreamId,
        timestamp::Timestamp,
        version::Position,
    },
    store::{
        EventSink,
        error::StoreError,
        log::{LogHealth, LogPage, LogWriter, NextPage, ReadLog},
        postgres::{
            connection::{
                error::Place,
                pool::Pool,
                run::{Rest, RunError, within},
            },
            log::horizon::{Settled, Settler, in_run},
            rows,
        },
        selection::NameLists,
    },
};

/// How many bytes one page may have, as they are stored, unless a single event has more.
const PAGE_BYTES: i64 = 8 * 1024 * 1024;

/// The column of an event's position.
const POSITION: usize = 5;

/// The part of the store that reads the log.
#[derive(Debug)]
pub(crate) struct LogReader {
    pool: Pool,
    settler: Arc<Settler>,
    /// Tells this store's cursors from those of another.
    store: Uuid,
    /// Whether the role may read the events of all tenants.
    reads_all: bool,
}

/// A page that is being read.
struct Paging<'a, 's> {
    log: &'a LogReader,
    read: ReadLog<'a>,
    after: i64,
    /// Up to where everything is known to be settled.
    known: Settled,
    /// Whether the sink was given an event.
    given: bool,
    sink: &'a mut EventSink<'s>,
}

/// What is ahead of a reader. Each but the last is the position of an event, or where the reader stands.
struct Ahead {
    /// Ends those that follow each other without a gap: nothing can be missing among them.
    dense: i64,
    /// Ends those up to the position that was known to be settled.
    settled: i64,
    /// Ends those that a page has room for.
    fits: i64,
    /// Ends those that were looked at.
    last: i64,
    /// Whether those were as many as asked for.
    complete: bool,
    /// Where there is a gap, the run of the server that they were seen in.
    checkpoint: Option<String>,
}

impl LogReader {
    /// Asks who the store is and what its role may read.
    pub(crate) async fn new(pool: Pool, settler: Settler) -> Result<Self, StoreError> {
        let asking = pool.run((), |(), connection| {
            Box::pin(async move {
                let store = sqlx::query_scalar(include_str!("../sql/store_id.sql"));
                let store = store.fetch_one(&mut *connection).await?;
                let may_read_all = sqlx::query_scalar(include_str!("../sql/may_read_all.sql"));
                Ok((store, may_read_all.fetch_one(connection).await?))
            })
        });
        let (store, reads_all) = asking.await?;
        Ok(Self {
            pool,
            settler: Arc::new(settler),
            store,
            reads_all,
        })
    }

    pub(crate) async fn read(
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
        let mut paging = Paging {
            log: self,
            read,
            after,
            known: self.settler.known(),
            given: false,
            sink,
        };
        loop {
            let page = self.pool.stream(&mut paging, |paging, connection| {
                Box::pin(paging.page(connection))
            });
            if let Some(page) = page.await? {
                return Ok(page);
            }
            // No connection of the pool is kept while the settler is waited for.
            let now = self.settler.step().await?;
            if now.position() <= after || now == paging.known {
                return Ok(self.ends(after, NextPage::HeldUp));
            }
            // What has settled since was perhaps not seen yet.
            paging.known = now;
        }
    }

    fn ends(&self, end: i64, next: NextPage) -> LogPage {
        LogPage {
            cursor: match end {
                0 => Cursor::START,
                end => Cursor::after(self.store, Position::new(end.unsigned_abs())),
            },
            next,
        }
    }

    /// The first row of a page.
    fn ahead(&self, row: &PgRow, cursor: Cursor, after: i64) -> Result<Ahead, RunError> {
        let [dense, settled, fits, last, last_drawn, complete, recovers]: [i64; 7] =
            row.try_get(0)?;
        if recovers != 0 {
            return Err(RunError::Error(StoreError::Unsupported {
                place: self.place().to_string(),
                what: "a replica, which cannot tell what is still under way: read the log of the primary",
            }));
        }
        if after > last_drawn {
            return Err(RunError::Error(cursor.beyond_the_end()));
        }
        Ok(Ahead {
            dense,
            settled,
            fits,
            last,
            complete: complete != 0,
            checkpoint: row.try_get(4)?,
        })
    }

    pub(crate) async fn health(&self) -> Result<LogHealth, StoreError> {
        let writers = self.pool.run((), |(), connection| {
            Box::pin(async move {
                let rows = sqlx::query(include_str!("../sql/log_health.sql"));
                let rows = rows.fetch_all(connection).await?;
                Ok(rows.iter().map(writer).collect::<Result<_, _>>()?)
            })
        });
        let writers = writers.await?;
        let settled = self.settler.step().await?;
        let last = self.pool.run((), |(), connection| {
            Box::pin(async move {
                let last = sqlx::query(in_run!("../sql/last_position.sql"));
                let last: i64 = last.fetch_one(connection).await?.try_get(2)?;
                Ok(last)
            })
        });
        let last = last.await?;
        Ok(LogHealth {
            writers,
            end: Position::new(last.unsigned_abs()),
            settled: Some(Position::new(settled.position().unsigned_abs())),
            ..LogHealth::default()
        })
    }

    /// What tells this store from another.
    pub(crate) fn store(&self) -> Uuid {
        self.store
    }

    fn place(&self) -> &Place {
        self.pool.place()
    }
}

impl Paging<'_, '_> {
    /// Gives a page to the sink, in one statement. None, and no event, if it begins with a gap that is not known to be settled.
    async fn page(
        &mut self,
        connection: &mut PgConnection,
    ) -> Result<(Option<LogPage>, Rest), RunError> {
        let page = self.one_try(connection).await;
        match page {
            // What the sink was given cannot be taken back, so the page is not read again.
            Err(error) if self.given => Err(RunError::Error(error.at(self.log.place()))),
            page => page,
        }
    }

    async fn one_try(
        &mut self,
        connection: &mut PgConnection,
    ) -> Result<(Option<LogPage>, Rest), RunError> {
        let (log, after) = (self.log, self.after);
        let mut rows = query(self.read, after, self.known.position()).fetch(connection);
        let head = within(rows.try_next()).await?;
        let head = head.ok_or(sqlx::Error::RowNotFound)?;
        let ahead = log.ahead(&head, self.read.after, after)?;
        let safe = ahead.safe(&self.known);
        let held_up = safe == after && ahead.last > after;
        let (end, next) = ahead.page(safe);
        while let Some(row) = within(rows.try_next()).await? {
            let position: i64 = row.try_get(POSITION)?;
            // What is not known to be settled is left for another page.
            if held_up || position > end {
                continue;
            }
            self.given = true;
            if (self.sink)(event(&row)?) == ControlFlow::Break(()) && position < end {
                let page = log.ends(position, NextPage::More);
                return Ok((Some(page), Rest::Rows));
            }
        }
        let page = (!held_up).then(|| log.ends(end, next));
        Ok((page, Rest::Nothing))
    }
}

impl Ahead {
    /// Up to where nothing can be missing.
    fn safe(&self, known: &Settled) -> i64 {
        match &self.checkpoint {
            Some(checkpoint) if known.holds_at(checkpoint) => self.dense.max(self.settled),
            _ => self.dense,
        }
    }

    /// Where a page ends, and what is behind it.
    fn page(&self, safe: i64) -> (i64, NextPage) {
        if self.fits < safe {
            (self.fits, NextPage::More)
        } else if safe < self.last {
            (safe, NextPage::HeldUp)
        } else if self.complete {
            (safe, NextPage::More)
        } else {
            (safe, NextPage::End)
        }
    }
}

/// The query for a page behind a position, where everything up to another is known to be settled.
fn query(read: ReadLog<'_>, after: i64, settled: i64) -> Query<'static, Postgres, PgArguments> {
    let names = NameLists::of(read.filter);
    let ids = read.filter.aggregate_ids.iter().map(AggregateId::as_uuid);
    sqlx::query(in_run!("../sql/read_log.sql"))
        .bind(read.tenant.map(|tenant| tenant.as_uuid()))
        .bind(after)
        .bind(i64::try_from(read.limit).unwrap_or(i64::MAX))
        .bind(PAGE_BYTES)
        .bind(settled)
        .bind(names.any)
        .bind(names.aggregate_types)
        .bind(names.event_types)
        .bind(names.pairs)
        .bind(ids.collect::<Vec<_>>())
}

/// A transaction that is writing, as `log_health.sql` tells it.
fn writer(row: &PgRow) -> Result<LogWriter, sqlx::Error> {
    let since: Option<Timestamp> = row.try_get(1)?;
    let (pid, state, query) = (row.try_get(0)?, row.try_get(2)?, row.try_get(3)?);
    Ok(LogWriter::new(pid, since, state, query))
}

fn event(row: &PgRow) -> Result<RecordedEvent, RunError> {
    let stream = StreamId {
        tenant_id: TenantId::from_uuid(row.try_get(1)?),
        aggregate_type: "".into(),
        aggregate_id: AggregateId::from_uuid(row.try_get(2)?),
    };
    Ok(rows::recorded(row, 3, &stream)?)
}
