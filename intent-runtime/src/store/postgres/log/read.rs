//! Reading the log in order, past no event that may yet come.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

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
            connection::error::Place,
            log::horizon::{Settled, Settler, in_run},
            read::{Read, ReadError, Reader, TRIES, give_back, with_timeout},
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
    reader: Reader,
    settler: Arc<Settler>,
    /// Tells this store's cursors from those of another.
    store: Uuid,
    /// Whether the role may read the events of all tenants.
    reads_all: bool,
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
    /// Asks on a connection who the store is and what its role may read.
    pub(crate) async fn new(
        reader: Reader,
        settler: Settler,
        connection: &mut PgConnection,
    ) -> Result<Self, sqlx::Error> {
        let store = sqlx::query_scalar(include_str!("../sql/store_id.sql"));
        let may_read_all = sqlx::query_scalar(include_str!("../sql/may_read_all.sql"));
        Ok(Self {
            reader,
            settler: Arc::new(settler),
            store: store.fetch_one(&mut *connection).await?,
            reads_all: may_read_all.fetch_one(connection).await?,
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
        let mut tries = TRIES;
        let given = AtomicBool::new(false);
        let mut noted = |event| {
            given.store(true, Ordering::Relaxed);
            sink(event)
        };
        let mut known = self.settler.known();
        loop {
            let error = match self.page(read, after, &known, &mut noted).await {
                Ok(Some(page)) => return Ok(page),
                // No connection of the pool is kept while the settler is waited for.
                Ok(None) => match self.settler.step().await {
                    // What has settled since was perhaps not seen yet.
                    Ok(now) if now.position() > after && now != known => {
                        known = now;
                        continue;
                    }
                    Ok(_) => return Ok(self.ends(after, NextPage::HeldUp)),
                    Err(error) => error,
                },
                Err(error) => error,
            };
            // What the sink was given cannot be taken back.
            let left = if given.load(Ordering::Relaxed) {
                1
            } else {
                tries
            };
            tries = self.reader.left(left, error)?;
            known = self.settler.known();
        }
    }

    /// Gives a page to the sink, in one statement. None, and no event, if it begins with a gap that is not known to be settled.
    async fn page(
        &self,
        read: ReadLog<'_>,
        after: i64,
        known: &Settled,
        sink: &mut EventSink<'_>,
    ) -> Result<Option<LogPage>, ReadError> {
        let mut lent = self.reader.acquire().await?;
        let page = self.page_on(lent.connection().await?, read, after, known, sink);
        match page.await {
            Ok((page, Read::Stopped)) => {
                drop(lent);
                Ok(page)
            }
            done => give_back(lent, done.map(|(page, _)| page)),
        }
    }

    async fn page_on(
        &self,
        connection: &mut PgConnection,
        read: ReadLog<'_>,
        after: i64,
        known: &Settled,
        sink: &mut EventSink<'_>,
    ) -> Result<(Option<LogPage>, Read), ReadError> {
        let mut rows = query(read, after, known.position()).fetch(connection);
        let head = with_timeout(self.place(), rows.try_next()).await?;
        let head = head.ok_or(sqlx::Error::RowNotFound)?;
        let ahead = self.ahead(&head, read.after, after)?;
        let safe = ahead.safe(known);
        let held_up = safe == after && ahead.last > after;
        let (end, next) = ahead.page(safe);
        while let Some(row) = with_timeout(self.place(), rows.try_next()).await? {
            let position: i64 = row.try_get(POSITION)?;
            // What is not known to be settled is left for another page.
            if held_up || position > end {
                continue;
            }
            if sink(event(&row)?) == ControlFlow::Break(()) && position < end {
                let page = self.ends(position, NextPage::More);
                return Ok((Some(page), Read::Stopped));
            }
        }
        let page = (!held_up).then(|| self.ends(end, next));
        Ok((page, Read::Done))
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
    fn ahead(&self, row: &PgRow, cursor: Cursor, after: i64) -> Result<Ahead, ReadError> {
        let [dense, settled, fits, last, last_drawn, complete, recovers]: [i64; 7] =
            row.try_get(0)?;
        if recovers != 0 {
            return Err(ReadError::Error(StoreError::Unsupported {
                place: self.place().to_string(),
                what: "a replica, which cannot tell what is still under way: read the log of the primary",
            }));
        }
        if after > last_drawn {
            return Err(ReadError::Error(cursor.beyond_the_end()));
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
        let failed = |error: sqlx::Error| self.place().error(error);
        let rows = self
            .reader
            .rows(|| sqlx::query(include_str!("../sql/log_health.sql")));
        let rows = rows.await?;
        let settled = self.settled().await?;
        let last = self
            .reader
            .rows(|| sqlx::query(in_run!("../sql/last_position.sql")));
        let last = last.await?;
        let last = last.first().map_or(Ok(0), |row| row.try_get(2));
        let last: i64 = last.map_err(failed)?;
        let mut health = LogHealth {
            end: Position::new(last.unsigned_abs()),
            settled: Some(Position::new(settled.position().unsigned_abs())),
            ..LogHealth::default()
        };
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

    /// Looks up to where the log is settled.
    async fn settled(&self) -> Result<Settled, StoreError> {
        let mut tries = TRIES;
        loop {
            match self.settler.step().await {
                Ok(settled) => return Ok(settled),
                Err(error) => tries = self.reader.left(tries, error)?,
            }
        }
    }

    /// What tells this store from another.
    pub(crate) fn store(&self) -> Uuid {
        self.store
    }

    fn place(&self) -> &Place {
        &self.reader.place
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

fn event(row: &PgRow) -> Result<RecordedEvent, ReadError> {
    let stream = StreamId {
        tenant_id: TenantId::from_uuid(row.try_get(1)?),
        aggregate_type: "".into(),
        aggregate_id: AggregateId::from_uuid(row.try_get(2)?),
    };
    Ok(rows::recorded(row, 3, &stream)?)
}
