//! Up to where the log is settled: every position is either seen or will never be used.
//!
//! A position is drawn at INSERT and seen at COMMIT, so a later one can be seen first, and a reader that went past the
//! gap would miss the earlier one for good. To know that nothing is under way below a position H, look at the last
//! position drawn (H), then at who is writing; when each of those transactions has ended, all that was drawn up to H is
//! seen or dead. An INSERT takes its lock on the table before it draws a position and keeps it until its commit can be
//! seen, so nobody is missed. No time-out comes into it, and no transaction elsewhere.
//!
//! A crash takes positions back that were drawn and not stored. What is known holds only as long as the connection that
//! found it out: no connection outlives a crash.

use std::collections::HashSet;

use sqlx::{ConnectOptions, PgConnection, postgres::PgConnectOptions};
use tokio::sync::Mutex;

use super::error::Failure;

/// Finds out up to where the log is settled; all readers of a process share one.
#[derive(Debug)]
pub(super) struct Settler {
    options: PgConnectOptions,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    connection: Option<PgConnection>,
    settled: Settled,
    round: Option<Round>,
}

/// A position up to which the log is settled, as long as the server has not crashed since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Settled {
    /// Which connection found it out.
    epoch: u64,
    position: i64,
}

/// A position that will be settled when these transactions have ended.
#[derive(Debug)]
struct Round {
    position: i64,
    writers: HashSet<String>,
}

impl Settler {
    pub(super) fn new(options: PgConnectOptions) -> Self {
        Self {
            options,
            state: Mutex::default(),
        }
    }

    /// What is known now. Of use together with [`still`](Self::still), asked after reading.
    pub(super) async fn known(&self) -> Settled {
        self.state.lock().await.settled
    }

    /// Looks at the server once more, and says what is settled then.
    pub(super) async fn step(&self) -> Result<Settled, Failure> {
        let mut state = self.state.lock().await;
        let stepped = state.step(&self.options).await;
        if stepped.is_err() {
            // Whatever was known may have been taken back.
            *state = State {
                settled: Settled {
                    epoch: state.settled.epoch + 1,
                    position: 0,
                },
                ..State::default()
            };
        }
        stepped
    }
}

impl Settled {
    pub(super) fn position(self) -> i64 {
        self.position
    }

    /// The position up to which a page was complete that was read between `self` and `now`.
    pub(super) fn held_until(self, now: Self) -> i64 {
        if self.epoch == now.epoch {
            self.position
        } else {
            0
        }
    }
}

impl State {
    async fn step(&mut self, options: &PgConnectOptions) -> Result<Settled, Failure> {
        // Out of its place while at work, so that a cancelled step leaves nothing half known.
        let (mut connection, mut settled, round) = match self.connection.take() {
            Some(connection) => (connection, self.settled, self.round.take()),
            None => {
                let connection = options.connect().await.map_err(Failure::unconnected)?;
                let epoch = self.settled.epoch + 1;
                (connection, Settled { epoch, position: 0 }, None)
            }
        };
        let Round {
            position,
            writers: mut left,
        } = match round {
            Some(round) => round,
            None => Round {
                position: last_position(&mut connection).await?,
                writers: writers(&mut connection).await?,
            },
        };
        if !left.is_empty() {
            let now = writers(&mut connection).await?;
            left.retain(|writer| now.contains(writer));
        }
        if left.is_empty() {
            settled.position = position;
        } else {
            self.round = Some(Round {
                position,
                writers: left,
            });
        }
        self.settled = settled;
        self.connection = Some(connection);
        Ok(settled)
    }
}

async fn last_position(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let last = sqlx::query_scalar(include_str!("sql/last_position.sql"));
    last.fetch_one(connection).await
}

async fn writers(connection: &mut PgConnection) -> Result<HashSet<String>, sqlx::Error> {
    let writers = sqlx::query_scalar(include_str!("sql/writers.sql"));
    let writers: Vec<String> = writers.fetch_all(connection).await?;
    Ok(writers.into_iter().collect())
}
