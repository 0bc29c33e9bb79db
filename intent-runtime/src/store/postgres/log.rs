//! Reading the log in order, past no event that may yet come.

use std::ops::ControlFlow;

use futures_util::TryStreamExt;
use sqlx::{
    PgConnection, Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use uuid::Uuid;

use super::{
    column,
    error::Place,
    read::{Broken, Reader, give_back, patiently},
    settle::{Settled, Settler, in_run},
};
use crate::{
    AggregateId, Cursor, Position, RecordedEvent, StoreError, StreamId, TenantId, Timestamp,
    store::{EventSink, LogHealth, LogPage, LogWriter, NextPage, ReadLog},
};

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

    /// Gives a page to the sink. It is read in one statement, unless it begins with a gap that is not known to be settled.
    async fn page(
        &self,
        connection: &mut PgConnection,
        read: ReadLog<'_>,
        after: i64,
        sink: &mut EventSink<'_>,
    ) -> Result<LogPage, Broken> {
        let mut known = self.settler.known().await?;
        loop {
            let mut rows = query(read, after, known.position()).fetch(&mut *connection);
            let head = patiently(self.place(), rows.try_next()).await?;
            let head = head.ok_or(sqlx::Error::RowNotFound)?;
            let ahead = self.ahead(&head, read.after, after)?;
            let safe = ahead.safe(&known);
            if safe == after && ahead.last > after {
                // A pooler may have one connection for this one and the settler's.
                while patiently(self.place(), rows.try_next()).await?.is_some() {}
                drop(rows);
                let now = self.settler.step().await?;
                if now.position() > after && now != known {
                    // What has settled since was perhaps not seen yet.
                    known = now;
                    continue;
                }
                return Ok(self.ends(after, NextPage::HeldUp));
            }
            let (end, next) = ahead.page(safe);
            while let Some(row) = patiently(self.place(), rows.try_next()).await? {
                let event = event(&row)?;
                let position = i64::try_from(event.position.get()).unwrap_or(i64::MAX);
                if position > end {
                    break;
                }
                if sink(event) == ControlFlow::Break(()) && position < end {
                    return Ok(self.ends(position, NextPage::More));
                }
            }
            return Ok(self.ends(end, next));
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
    fn ahead(&self, row: &PgRow, cursor: Cursor, after: i64) -> Result<Ahead, Broken> {
        let [dense, settled, fits, last, last_drawn, complete, recovers]: [i64; 7] =
            row.try_get(0)?;
        if recovers != 0 {
            return Err(Broken::Error(StoreError::Unsupported {
                place: self.place().to_string(),
                what: "a replica, which cannot tell what is still under way: read the log of the primary",
            }));
        }
        if after > last_drawn {
            return Err(Broken::Error(cursor.beyond_the_end()));
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

    pub(super) async fn health(&self) -> Result<LogHealth, StoreError> {
        let failed = |error: sqlx::Error| self.place().error(error);
        let rows = self
            .reader
            .rows(|| sqlx::query(include_str!("sql/log_health.sql")));
        let rows = rows.await?;
        let last = self
            .reader
            .rows(|| sqlx::query(in_run!("sql/last_position.sql")));
        let last = last.await?;
        let last = last.first().map_or(Ok(0), |row| row.try_get(2));
        let last: i64 = last.map_err(failed)?;
        let mut health = LogHealth {
            end: Position::new(last.unsigned_abs()),
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
    let ids = read.filter.aggregate_ids.iter().map(AggregateId::as_uuid);
    sqlx::query(in_run!("sql/read_log.sql"))
        .bind(read.tenant.map(|tenant| tenant.as_uuid()))
        .bind(after)
        .bind(i64::try_from(read.limit).unwrap_or(i64::MAX))
        .bind(PAGE_BYTES)
        .bind(settled)
        .bind(read.filter.aggregate_types.clone())
        .bind(read.filter.event_types.clone())
        .bind(ids.collect::<Vec<_>>())
}

fn event(row: &PgRow) -> Result<RecordedEvent, Broken> {
    let stream = StreamId {
        tenant_id: TenantId::from_uuid(row.try_get(1)?),
        aggregate_type: "".into(),
        aggregate_id: AggregateId::from_uuid(row.try_get(2)?),
    };
    Ok(column::recorded(row, 3, &stream)?)
}
