//! Up to where the log is settled: every position is either seen or will never be used.
//!
//! A position is drawn at INSERT and seen at COMMIT. So a later position can be seen first, and a reader that went past the gap
//! would miss the earlier one for good. To know that nothing is under way below a position H, look at the last position drawn
//! (H), then at the transactions that are writing. When each of those has ended, every position up to H is seen or will never
//! be used. An INSERT takes its lock on the table before it draws a position, and keeps it until its commit can be seen, so no
//! transaction is missed. No time-out plays a part, and no transaction elsewhere.
//!
//! A crash takes back positions that were drawn and not stored. So what is known holds for one run of the server, from one
//! crash to the next. A connection that still stands proves nothing: a pooler keeps it, with another connection to the server
//! behind it. So each statement also returns the run that it was in.

use std::{
    collections::HashSet,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use sqlx::{PgConnection, Row};
use tokio::sync::Mutex;

use crate::store::{
    error::StoreError,
    postgres::connection::{
        error::{Failure, Place},
        open::Connector,
        run::{Dedicated, Retries, within},
    },
};

macro_rules! in_run {
    ($file:literal) => {
        concat!(include_str!("../sql/run.sql"), include_str!($file))
    };
}
pub(crate) use in_run;

/// Finds out up to where the log is settled; all readers of a process share one.
pub(crate) struct Settler {
    place: Place,
    state: Mutex<State>,
    /// What the last look found, for readers that need not wait for the next one.
    known: std::sync::Mutex<Settled>,
    begun: AtomicU64,
}

struct State {
    /// It is used only where there are gaps.
    connection: Dedicated,
    /// Where the last statement was.
    run: Option<Run>,
    /// Up to where the log is settled.
    settled: i64,
    round: Option<Round>,
}

/// One run of the server, from one crash to the next. Each of these two things belongs to one run only.
#[derive(Debug)]
struct Run {
    /// The process that served the statement.
    backend: String,
    /// The last checkpoint before it.
    checkpoint: Arc<str>,
}

/// A position up to which the log is settled, in one run of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    position: i64,
    /// The last checkpoint of the server at that time; `None` before the server was asked.
    checkpoint: Option<Arc<str>>,
}

/// A position that will be settled when these transactions have ended.
#[derive(Debug)]
struct Round {
    position: i64,
    writers: HashSet<String>,
}

impl Settler {
    pub(crate) fn new(connector: Connector) -> Self {
        Self {
            place: connector.place().clone(),
            state: Mutex::new(State {
                connection: Dedicated::new(connector, None),
                run: None,
                settled: 0,
                round: None,
            }),
            known: std::sync::Mutex::default(),
            begun: AtomicU64::new(0),
        }
    }

    /// What is known now, without a wait.
    pub(crate) fn known(&self) -> Settled {
        self.lock().clone()
    }

    /// Looks at the server once more, and says what is settled then. Callers that come during a look share the next one.
    ///
    /// The look is a task of its own. So a reader that is begun and no longer polled makes no other reader wait.
    pub(crate) async fn step(self: &Arc<Self>) -> Result<Settled, StoreError> {
        let settler = Arc::clone(self);
        let looking = tokio::spawn(async move {
            let settled = settler.look().await;
            settled.map_err(|failure| settler.place.error(failure))
        });
        let ended = |failed| Err(self.place.ended(failed));
        looking.await.unwrap_or_else(ended)
    }

    async fn look(&self) -> Result<Settled, Failure> {
        let before = self.begun.load(Ordering::Acquire);
        // It waits for its turn no longer than for an answer of the server, which may have fallen silent.
        let turn = async { Ok::<_, Failure>(self.state.lock().await) };
        let mut state = within(turn).await?;
        if self.begun.load(Ordering::Acquire) > before {
            return Ok(state.settled());
        }
        self.begun.fetch_add(1, Ordering::AcqRel);
        let mut retries = Retries::default();
        let settled = loop {
            match state.step().await {
                Ok(settled) => break settled,
                Err(failure) => retries.after(failure).await?,
            }
        };
        settled.clone_into(&mut self.lock());
        Ok(settled)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Settled> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Settled {
    pub(crate) fn position(&self) -> i64 {
        self.position
    }

    /// Whether a later statement was in the same run, if it reported this last checkpoint. If so, what it saw is complete up to
    /// the position. If it reported another checkpoint, that is not known.
    pub(crate) fn holds_at(&self, checkpoint: &str) -> bool {
        self.checkpoint.as_deref() == Some(checkpoint)
    }
}

impl Run {
    /// Whether no crash was between two statements. If both the checkpoint and the process differ, that is not known, and all
    /// is found out anew.
    fn is_surely(&self, other: &Self) -> bool {
        self.backend == other.backend || self.checkpoint == other.checkpoint
    }
}

impl State {
    fn settled(&self) -> Settled {
        Settled {
            position: self.settled,
            checkpoint: self.run.as_ref().map(|run| Arc::clone(&run.checkpoint)),
        }
    }

    async fn step(&mut self) -> Result<Settled, Failure> {
        if self.round.is_none() {
            let (run, position) = self
                .connection
                .run((), |(), connection| Box::pin(last_position(connection)))
                .await?;
            self.enter(run);
            let (run, writers) = self
                .connection
                .run((), |(), connection| Box::pin(writers(connection)))
                .await?;
            if self.enter(run) {
                self.round = Some(Round { position, writers });
            }
        }
        let waits = |round: &Round| !round.writers.is_empty();
        if self.round.as_ref().is_some_and(waits) {
            let (run, now) = self
                .connection
                .run((), |(), connection| Box::pin(writers(connection)))
                .await?;
            self.enter(run);
            if let Some(round) = &mut self.round {
                round.writers.retain(|writer| now.contains(writer));
            }
        }
        if let Some(round) = self.round.take_if(|round| !waits(round)) {
            self.settled = round.position;
        }
        Ok(self.settled())
    }

    /// Notes the run that a statement was in, and says whether it is the same as before. If not, what was known is forgotten.
    fn enter(&mut self, run: Run) -> bool {
        let before = self.run.replace(run);
        let same = before
            .zip(self.run.as_ref())
            .is_some_and(|(before, now)| before.is_surely(now));
        if !same {
            self.settled = 0;
            self.round = None;
        }
        same
    }
}

async fn last_position(connection: &mut PgConnection) -> Result<(Run, i64), sqlx::Error> {
    let last = sqlx::query(in_run!("../sql/last_position.sql"));
    let last = last.fetch_one(connection).await?;
    Ok((run(&last)?, last.try_get(2)?))
}

async fn writers(connection: &mut PgConnection) -> Result<(Run, HashSet<String>), sqlx::Error> {
    let writers = sqlx::query(in_run!("../sql/writers.sql"));
    let row = writers.fetch_one(connection).await?;
    let writers: Vec<String> = row.try_get(2)?;
    Ok((run(&row)?, writers.into_iter().collect()))
}

fn run(row: &sqlx::postgres::PgRow) -> Result<Run, sqlx::Error> {
    Ok(Run {
        backend: row.try_get(0)?,
        checkpoint: row.try_get::<&str, _>(1)?.into(),
    })
}
