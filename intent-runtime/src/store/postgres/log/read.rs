//! Reading the log in order, without passing an event that may still come.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::TryStreamExt;
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use crate::{
    record::{cursor::Cursor, id::TenantId, timestamp::Timestamp, version::Position},
    store::{
        EventSink,
        check::column,
        error::StoreError,
        log::{LogHealth, LogPage, LogWriter, NextPage, ReadLog},
        lookup::EventPage,
        postgres::{
            connection::{
                error::{Place, RunError},
                pool::Pool,
                run::{Rest, within},
            },
            log::{
                horizon::{Settled, Settler, in_run},
                route::{DefaultTenant, Route},
            },
            rows::EventColumns,
        },
    },
};

const POSITION: usize = 5;

/// The part of the store that reads the log.
pub(crate) struct LogReader {
    pool: Pool,
    settler: Arc<Settler>,
    /// Tells this store's cursors from those of another.
    pub(crate) store: Uuid,
    /// Whether the role may read the events of all tenants.
    reads_all: bool,
    default_tenant: DefaultTenant,
    /// Whether a page has had too many bytes. Then the sizes of events are summed up before a page is sent, which takes longer than
    /// to find the events.
    large: AtomicBool,
}

struct Paging<'a, 's> {
    log: &'a LogReader,
    read: ReadLog<'a>,
    after: i64,
    /// Up to where everything is known to be settled.
    known: Settled,
    /// Whether the settler was asked. Then the page is read as it is, even if it could go further.
    asked: bool,
    /// Whether the sink was given an event.
    given: bool,
    sink: &'a mut EventSink<'s>,
}

/// The result of trying to read a page. Without a page, the sink got nothing.
enum Tried {
    Page(LogPage),
    /// It begins with a gap that is not known to be settled.
    HeldUp,
    /// It would go much further if more were known to be settled.
    Short,
    /// The default tenant has too many events for this way of reading them.
    TooMany,
}

/// What is ahead of a reader. Each field but the last ones is the position of an event, or the reader's own position if there
/// is none.
struct Ahead {
    /// The end of the events that follow each other without a gap: none can be missing among them.
    dense: i64,
    /// The last event up to the position that was known to be settled; for a part of the log, even if many are ahead.
    settled: i64,
    /// The last event that a page has room for.
    fits: i64,
    /// The last event that was looked at; for a part of the log, the last of all.
    last: i64,
    /// Whether as many events as asked for were looked at.
    complete: bool,
    /// Whether the default tenant has too many events for this way of reading them.
    too_many: bool,
    /// If there is a gap, the run of the server in which it was seen.
    checkpoint: Option<String>,
}

impl LogReader {
    /// Asks for the id of the store, and what its role may read.
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
            default_tenant: DefaultTenant::default(),
            large: AtomicBool::new(false),
        })
    }

    /// Refuses the log of all tenants to a role that may not read it.
    pub(super) fn may_read(&self, tenant: Option<TenantId>) -> Result<(), StoreError> {
        if tenant.is_none() && !self.reads_all {
            return Err(StoreError::Forbidden {
                place: self.place().to_string(),
                source: "the log of all tenants is for roles given it with `SELECT intent.grant_reader('ROLE')`".into(),
            });
        }
        Ok(())
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
        let after = column(read.after.position_in(self.store)?);
        self.may_read(read.tenant)?;
        let mut paging = Paging {
            log: self,
            read,
            after,
            known: self.settler.known(),
            asked: false,
            given: false,
            sink,
        };
        loop {
            let page = self.pool.stream(&mut paging, |paging, connection| {
                Box::pin(paging.page(connection))
            });
            let is_short = match page.await? {
                Tried::Page(page) => return Ok(page),
                Tried::TooMany => {
                    self.default_tenant.has_many();
                    continue;
                }
                Tried::HeldUp => false,
                Tried::Short => true,
            };
            // No connection of the pool is kept while the settler is waited for.
            let now = self.settler.step().await?;
            paging.asked = true;
            if now.position() > after && now != paging.known {
                // Events that settled since then were perhaps not seen yet.
                paging.known = now;
            } else if !is_short {
                return Ok(self.ends(after, NextPage::HeldUp));
            }
        }
    }

    fn ends(&self, end: i64, next: NextPage) -> LogPage {
        let cursor = Cursor::at(self.store, Position::new(end.unsigned_abs()));
        LogPage { cursor, next }
    }

    /// The first row of a page.
    fn ahead(&self, row: &PgRow, cursor: Cursor, after: i64) -> Result<Ahead, RunError> {
        let [
            dense,
            settled,
            fits,
            last,
            last_drawn,
            complete,
            recovers,
            too_many,
        ]: [i64; 8] = row.try_get(0)?;
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
            too_many: too_many != 0,
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

    fn place(&self) -> &Place {
        self.pool.place()
    }
}

impl Paging<'_, '_> {
    /// Gives a page to the sink, in one statement.
    async fn page(&mut self, connection: &mut PgConnection) -> Result<(Tried, Rest), RunError> {
        let page = self.one_try(connection).await;
        match page {
            // The sink keeps what it got, so the page is not read again.
            Err(error) if self.given => Err(RunError::Error(error.at(self.log.place()))),
            page => page,
        }
    }

    async fn one_try(&mut self, connection: &mut PgConnection) -> Result<(Tried, Rest), RunError> {
        let (log, after, settled) = (self.log, self.after, self.known.position());
        let route = log.default_tenant.route(&self.read, after, settled);
        let sizes = log.large.load(Ordering::Relaxed);
        let mut rows = route
            .query(&self.read, after, settled, sizes)
            .fetch(connection);
        let head = within(rows.try_next()).await?;
        let head = head.ok_or(sqlx::Error::RowNotFound)?;
        let ahead = log.ahead(&head, self.read.after, after)?;
        let columns = EventColumns::of(&head, 1)?;
        let safe = ahead.safe(&self.known);
        let instead = match () {
            () if ahead.too_many => Some(Tried::TooMany),
            () if !self.asked && self.is_short(&ahead, route) => Some(Tried::Short),
            () if safe == after && ahead.last > after => Some(Tried::HeldUp),
            () => None,
        };
        let (end, next) = ahead.page(safe, route);
        let mut bytes = 0;
        while let Some(row) = within(rows.try_next()).await? {
            let position: i64 = row.try_get(POSITION)?;
            // Events that are not known to be settled are left for another page.
            if instead.is_some() || position > end {
                continue;
            }
            self.given = true;
            let event = columns.event(&row)?;
            bytes += event.bytes();
            let full = !sizes && bytes > EventPage::MAX_BYTES;
            if full {
                log.large.store(true, Ordering::Relaxed);
            }
            let wants_more = (self.sink)(event) == ControlFlow::Continue(()) && !full;
            if !wants_more && position < end {
                let page = log.ends(position, NextPage::More);
                return Ok((Tried::Page(page), Rest::Rows));
            }
        }
        let page = instead.unwrap_or_else(|| Tried::Page(log.ends(end, next)));
        Ok((page, Rest::Nothing))
    }

    /// Whether a part of the log is read, and many positions are ahead that are not known to be settled.
    fn is_short(&self, ahead: &Ahead, route: Route) -> bool {
        let goes_on = self.known.position() > ahead.dense
            && (route.is_by_position() || ahead.holds(&self.known));
        let wants = self.log.default_tenant.wants_settled(route);
        ahead.complete && !goes_on && wants
    }
}

impl Ahead {
    /// The position up to which nothing can be missing.
    fn safe(&self, known: &Settled) -> i64 {
        match self.holds(known) {
            true => self.dense.max(self.settled),
            false => self.dense,
        }
    }

    /// Whether the settled position holds for the run of the server that this was seen in.
    fn holds(&self, known: &Settled) -> bool {
        let checkpoint = self.checkpoint.as_deref();
        checkpoint.is_some_and(|checkpoint| known.holds_at(checkpoint))
    }

    /// Where a page ends, and what is behind it.
    fn page(&self, safe: i64, route: Route) -> (i64, NextPage) {
        if self.fits < safe {
            (self.fits, NextPage::More)
        } else if !route.is_by_position() {
            // What follows was not looked at.
            let next = match safe < self.last {
                true => NextPage::More,
                false => NextPage::End,
            };
            (safe, next)
        } else if safe < self.last {
            (safe, NextPage::HeldUp)
        } else if self.complete {
            (safe, NextPage::More)
        } else {
            (safe, NextPage::End)
        }
    }
}

/// A transaction that is writing, as `log_health.sql` tells it.
fn writer(row: &PgRow) -> Result<LogWriter, sqlx::Error> {
    let since: Option<Timestamp> = row.try_get(1)?;
    let (pid, state, query) = (row.try_get(0)?, row.try_get(2)?, row.try_get(3)?);
    Ok(LogWriter::new(pid, since, state, query))
}
