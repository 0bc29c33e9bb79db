//! The one way of running something on a connection.
//!
//! [`Pool::run`] runs work that reads its answers whole, and [`Pool::stream`] work that reads row by row. Both take a
//! connection, put it back or away, try again where that may help, and turn what is left into an error of the store.
//! [`Dedicated::run`] does the same for a task with a connection to itself, but never sends a statement twice that may have
//! been carried out: an append must not be.

use std::{future::poll_fn, io, pin::pin, task::Poll, time::Duration};

use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use tokio::time::{sleep, timeout};

use crate::store::{
    error::StoreError,
    postgres::connection::{
        error::{Failure, Kind, Place, RunError},
        open::{Connector, Idle},
        pool::{Lent, Pool},
    },
};

/// How long the server may take to answer before the connection is given up.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How often work is tried if its connection breaks or turns out to be inside a transaction, or if a lock takes too long.
const TRIES: u32 = 3;
/// How often work is tried if it conflicts with another transaction, or if a connection of a task's own turns out to be inside one.
const MANY_TRIES: u32 = 10;
/// How long work pauses after its first conflict; after the second, twice as long, and so on.
const PAUSE: Duration = Duration::from_millis(10);

/// What is still on its way to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    Nothing,
    /// Rows that the work did not want.
    Rows,
}

/// The result of `work`, or an error after [`ANSWER_TIMEOUT`]. What is there already needs no look at the clock.
pub(crate) async fn within<T, E: From<sqlx::Error>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let mut work = pin!(work);
    if let Poll::Ready(done) = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
        return done;
    }
    let answer = timeout(ANSWER_TIMEOUT, work).await;
    answer.unwrap_or_else(|_| {
        let seconds = ANSWER_TIMEOUT.as_secs();
        let silence = format!("the server did not answer within {seconds} seconds");
        Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, silence)).into())
    })
}

/// What work on a connection is, for as long as it borrows the connection and what it works with.
pub(crate) type Working<'c, T, E> = BoxFuture<'c, Result<T, E>>;

impl Pool {
    /// Runs work that reads all its answers to the end, for as long as the server may take to answer. The work runs again as
    /// a whole after a failure that another try may get past, so it has to be something that may happen twice.
    ///
    /// The work gets what it works with as an argument and captures nothing. A closure that captures references could not be
    /// shown to be `Send`.
    pub(crate) async fn run<S: Send, T: Send>(
        &self,
        with: S,
        work: impl for<'c> Fn(&'c mut S, &'c mut PgConnection) -> Working<'c, T, RunError> + Send + Sync,
    ) -> Result<T, StoreError> {
        self.stream((with, work), |(with, work), connection| {
            Box::pin(async move { Ok((within(work(with, connection)).await?, Rest::Nothing)) })
        })
        .await
    }

    /// The same for work that reads row by row: it waits [`within`] the limit for each row, and says whether it left any. When
    /// it runs again, it goes on where it stopped.
    pub(crate) async fn stream<S, T>(
        &self,
        with: S,
        work: impl for<'c> Fn(&'c mut S, &'c mut PgConnection) -> Working<'c, (T, Rest), RunError>,
    ) -> Result<T, StoreError> {
        let (lent, (value, rest)) = self.hold(with, work).await?;
        if rest == Rest::Nothing {
            lent.give_back();
        }
        Ok(value)
    }

    /// The same for work that leaves something on its connection, such as a transaction: returns the connection too.
    pub(crate) async fn hold<S, T>(
        &self,
        mut with: S,
        work: impl for<'c> Fn(&'c mut S, &'c mut PgConnection) -> Working<'c, T, RunError>,
    ) -> Result<(Lent, T), StoreError> {
        let mut retries = Retries::default();
        loop {
            let lent = self.acquire().await;
            let mut lent = lent.map_err(|failure| self.place().error(failure))?;
            let done = match lent.connection().await {
                Ok(connection) => work(&mut with, connection).await,
                Err(failure) => Err(failure.into()),
            };
            let failure = match done {
                Ok(value) => return Ok((lent, value)),
                Err(RunError::Error(error)) => return Err(error),
                Err(RunError::Failure(failure)) => failure,
            };
            if failure.ends_connection() {
                lent.discard();
                // After a restart of the server all connections are dead.
                self.clear();
            } else {
                drop(lent);
            }
            let again = retries.after(failure).await;
            again.map_err(|failure| self.place().error(failure))?;
        }
    }
}

/// Counts the tries of work that may happen twice.
#[derive(Debug, Default)]
pub(crate) struct Retries(u32);

impl Retries {
    /// Pauses before another try if that may succeed, and returns the failure otherwise.
    pub(crate) async fn after(&mut self, failure: Failure) -> Result<(), Failure> {
        self.0 += 1;
        let conflict = failure.kind() == Kind::Contended;
        let most = match failure.kind() {
            Kind::Contended if !failure.waited_for_lock() => MANY_TRIES,
            // If the server fell silent, another connection would wait just as long.
            Kind::Lost if failure.is_silence() => 1,
            Kind::Contended | Kind::Lost | Kind::InTransaction => TRIES,
            _ => 1,
        };
        if self.0 >= most {
            return Err(failure);
        }
        if conflict {
            sleep(PAUSE * self.0).await;
        }
        Ok(())
    }
}

/// A connection that one task at a time has to itself: opened when it is first used, replaced when it breaks.
pub(crate) struct Dedicated {
    connector: Connector,
    /// None before the first use, during one, and after the connection broke.
    idle: Option<Idle>,
}

impl Dedicated {
    /// A connection that was kept, or one that is opened when it is needed.
    pub(crate) fn new(connector: Connector, idle: Option<Idle>) -> Self {
        Self { connector, idle }
    }

    pub(crate) fn into_idle(self) -> Option<Idle> {
        self.idle
    }

    pub(crate) fn place(&self) -> &Place {
        self.connector.place()
    }

    /// Runs work that reads its answers to the end, once. It runs again only on a connection that turned out to be inside
    /// somebody's transaction, where it did nothing. A cancelled run leaves no connection with an answer on its way.
    pub(crate) async fn run<S, T>(
        &mut self,
        mut with: S,
        work: impl for<'c> Fn(&'c mut S, &'c mut PgConnection) -> Working<'c, T, sqlx::Error>,
    ) -> Result<T, Failure> {
        let mut tries = 1;
        loop {
            let mut kept = self.connector.keep_or_connect(self.idle.take()).await?;
            let done = within(work(&mut with, &mut kept.0)).await;
            let done = done.map_err(Failure::from);
            match &done {
                Err(failure) if failure.ends_connection() => {
                    if failure.kind() == Kind::InTransaction && tries < MANY_TRIES {
                        tries += 1;
                        continue;
                    }
                }
                _ => self.idle = Some(Idle::new(kept)),
            }
            return done;
        }
    }
}
