//! Reading the whole log in order: cursors, pages and the log's health.

use std::cmp::Ordering;

use uuid::Uuid;

use crate::{
    record::{cursor::Cursor, id::TenantId, timestamp::Timestamp, version::Position},
    store::{error::StoreError, selection::LogSelection},
};

/// What to read of the log.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ReadLog<'a> {
    /// From where.
    pub after: Cursor,
    /// The events of this tenant, or of all.
    pub tenant: Option<TenantId>,
    /// Which of them.
    pub filter: &'a LogSelection,
    /// How many events to look at, at least one. Unwanted events count too.
    pub limit: usize,
}

impl<'a> ReadLog<'a> {
    /// The events of a tenant, or of all, that a selection has behind a cursor, of at most so many that are looked at.
    pub fn new(
        after: Cursor,
        tenant: Option<TenantId>,
        filter: &'a LogSelection,
        limit: usize,
    ) -> Self {
        Self {
            after,
            tenant,
            filter,
            limit,
        }
    }
}

/// How far a reading of the log came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogPage {
    /// Where to go on.
    pub cursor: Cursor,
    /// Why to go on now or later.
    pub next: NextPage,
}

impl LogPage {
    /// A page that ends before `cursor`'s next event.
    pub fn new(cursor: Cursor, next: NextPage) -> Self {
        Self { cursor, next }
    }
}

/// What lies behind a page of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextPage {
    /// More events, to be read at once.
    More,
    /// Events that were seen, behind one that may yet come: a transaction that is under way holds them up.
    HeldUp,
    /// Nothing yet.
    End,
}

/// How the log is to be read now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogHealth {
    /// The last position that was given out. Every event that is committed by now is there or before.
    pub end: Position,
    /// Up to here nothing is under way any more: each event there or before is committed, or never will be. It was looked up
    /// before `end`. `None` if the store does not know.
    pub settled: Option<Position>,
    /// The transactions that are writing to the log. Readers wait for the oldest of them if it left a gap.
    pub writers: Vec<LogWriter>,
    /// Why appends of other processes do not wake readers in this one, which then find events only by polling. `None` while
    /// they do, or while nothing reads. On Postgres, `LISTEN` fails.
    pub listen_failure: Option<String>,
    /// Why appends of this process do not wake readers in others, which then find events only by polling. `None` while they do,
    /// or while nothing was appended. On Postgres, `NOTIFY` fails.
    pub notify_failure: Option<String>,
}

/// A transaction that is writing to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogWriter {
    /// The server process; `None` for a transaction that was prepared for two-phase commit.
    pub process: Option<i32>,
    /// Since when it is open, if the role may know.
    pub since: Option<Timestamp>,
    /// What it is doing, if the role may know: `active`, `idle in transaction`, ….
    pub state: Option<String>,
    /// Its last statement, if the role may know.
    pub query: Option<String>,
}

impl LogWriter {
    /// A transaction of a server process, with what is known of it.
    pub fn new(
        process: Option<i32>,
        since: Option<Timestamp>,
        state: Option<String>,
        query: Option<String>,
    ) -> Self {
        Self {
            process,
            since,
            state,
            query,
        }
    }
}

impl Cursor {
    /// The position after which to read in the store with this id; 0 at the start. For stores.
    ///
    /// # Errors
    /// [`StoreError::UnknownCursor`](StoreError::UnknownCursor) when it is of another store.
    pub fn position_in(&self, store: Uuid) -> Result<u64, StoreError> {
        match self.place() {
            None => Ok(0),
            Some((own, position)) if own == store => Ok(position.get()),
            Some(_) => Err(StoreError::UnknownCursor {
                cursor: *self,
                what: "it belongs to another store, so read the log of that one, or this one from the start",
            }),
        }
    }

    /// Compares two places in the log of one store: a reader at the greater one has read more. The start is the least.
    ///
    /// ```
    /// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
    /// # use account::*;
    /// use intent_runtime::{LogFilter, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let app = App::connect("memory:", Domain::of::<Account>()).await?;
    /// let opened = app.send(Open { id: Id::new(), owner: "Ada".into() }).await?;
    /// let mut log = app.subscribe(LogFilter::all());
    /// if let Some(stored) = opened.cursor {
    ///     while log.cursor().compare(stored)?.is_lt() {
    ///         log.next().await?; // and what is made of the event
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::UnknownCursor`](StoreError::UnknownCursor) when they are of different stores.
    pub fn compare(self, other: Self) -> Result<Ordering, StoreError> {
        match (self.place(), other.place()) {
            (Some((own, _)), Some((store, _))) if own != store => Err(StoreError::UnknownCursor {
                cursor: other,
                what: "it belongs to another store than the cursor that it is compared with",
            }),
            (place, other) => Ok(place.cmp(&other)),
        }
    }

    /// The error for a cursor beyond the end: a [`StoreError::UnknownCursor`]. For stores.
    pub fn beyond_the_end(self) -> StoreError {
        StoreError::UnknownCursor {
            cursor: self,
            what: "it is beyond the end of the log, as after going back to a backup: read from an earlier cursor or the start",
        }
    }
}
