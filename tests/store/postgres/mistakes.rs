//! Readers of the log that make the usual mistakes.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use sqlx::{PgConnection, Row};
use tokio::sync::watch;
use uuid::Uuid;

/// What a reader gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Goes on behind the last position it saw.
    PlainCursor,
    /// Leaves out what transactions wrote that began after the oldest that is open, and goes on behind the last position.
    XminFilter,
    /// At a gap, waits for those who write to end, and then believes the page that it read before.
    PageReadBefore,
    /// Gives up on a gap after a while.
    TimeOut,
}

impl Mistake {
    pub const ALL: [Self; 4] = [
        Self::PlainCursor,
        Self::XminFilter,
        Self::PageReadBefore,
        Self::TimeOut,
    ];
}

const PAGE: &str = "SELECT position, aggregate_id, version FROM intent.events WHERE position > $1 ORDER BY position LIMIT 1000";
const PAGE_BELOW_XMIN: &str = "SELECT position, aggregate_id, version FROM intent.events
    WHERE position > $1 AND xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY position LIMIT 1000";
const WRITERS: &str = "SELECT DISTINCT virtualtransaction FROM pg_locks
    WHERE relation = 'intent.events'::regclass AND mode = 'RowExclusiveLock' AND granted";

pub struct Mistaken {
    mistake: Mistake,
    connection: PgConnection,
    cursor: i64,
    seen: Vec<(Uuid, u64)>,
}

impl Mistaken {
    pub fn new(mistake: Mistake, connection: PgConnection) -> Self {
        Self {
            mistake,
            connection,
            cursor: 0,
            seen: Vec::new(),
        }
    }

    /// Reads until it is past the last position, once that is known.
    pub async fn follow(
        mut self,
        end: watch::Receiver<Option<i64>>,
    ) -> (Mistake, Vec<(Uuid, u64)>) {
        loop {
            let last = *end.borrow();
            if last.is_some_and(|last| self.cursor >= last) {
                return (self.mistake, self.seen);
            }
            self.turn().await;
        }
    }

    async fn turn(&mut self) {
        match self.mistake {
            Mistake::PlainCursor => {
                let page = self.page(PAGE).await;
                self.take(page);
            }
            Mistake::XminFilter => {
                let page = self.page(PAGE_BELOW_XMIN).await;
                self.take(page);
            }
            Mistake::PageReadBefore => {
                let page = self.page(PAGE).await;
                if !self.is_dense(&page) {
                    let mut writers = self.writers().await;
                    while !writers.is_empty() {
                        let now = self.writers().await;
                        writers.retain(|writer| now.contains(writer));
                    }
                }
                self.take(page);
            }
            Mistake::TimeOut => {
                let met = Instant::now();
                let mut page = self.page(PAGE).await;
                while !self.is_dense(&page) && met.elapsed() < Duration::from_millis(1) {
                    page = self.page(PAGE).await;
                }
                self.take(page);
            }
        }
    }

    async fn page(&mut self, sql: &'static str) -> Vec<(i64, Uuid, i64)> {
        let rows = sqlx::query(sql).bind(self.cursor);
        let rows = rows.fetch_all(&mut self.connection).await.unwrap();
        rows.iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect()
    }

    fn take(&mut self, page: Vec<(i64, Uuid, i64)>) {
        for (position, stream, version) in page {
            self.cursor = position;
            self.seen.push((stream, version.unsigned_abs()));
        }
    }

    fn is_dense(&self, page: &[(i64, Uuid, i64)]) -> bool {
        (self.cursor + 1..)
            .zip(page)
            .all(|(expected, (position, ..))| expected == *position)
    }

    async fn writers(&mut self) -> HashSet<String> {
        let writers = sqlx::query_scalar(WRITERS);
        let writers: Vec<String> = writers.fetch_all(&mut self.connection).await.unwrap();
        writers.into_iter().collect()
    }
}
