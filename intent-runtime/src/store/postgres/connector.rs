//! How the store opens connections of its own.

use std::{fmt, time::Duration};

use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, postgres::PgConnectOptions};
use tokio::time::{Instant, timeout};

use super::{LOCK_TIMEOUT, error::Failure, lane::within};

/// How long a connection may have been idle to be used unasked: what stands between may drop an idle one without a word.
pub(super) const TRUSTED: Duration = Duration::from_secs(60);
/// How long one that was idle for longer may take to say that it is alive.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);
/// How long an idle connection may take to be closed.
const FAREWELL: Duration = Duration::from_secs(2);

/// Opens connections beside a pool, each as the pool would open one now: its password may have been changed meanwhile.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    pool: PgPool,
    /// Whether settings are taken at the start of a connection, as they are not by some poolers.
    takes_settings: bool,
}

impl Connector {
    pub(super) fn new(pool: PgPool, takes_settings: bool) -> Self {
        Self {
            pool,
            takes_settings,
        }
    }

    pub(super) async fn connect(&self) -> Result<PgConnection, Failure> {
        connect(&self.pool.connect_options()).await
    }

    /// The connection that was kept, if there is one and it is sound, or a new one.
    pub(super) async fn keep_or_connect(
        &self,
        kept: Option<Idle>,
    ) -> Result<PgConnection, Failure> {
        if let Some(idle) = kept
            && let Some(connection) = idle.into_sound().await
        {
            return Ok(connection);
        }
        self.connect().await
    }

    /// A connection with the settings of those that append, where they are taken.
    pub(super) async fn connect_to_append(&self) -> Result<PgConnection, Failure> {
        if !self.takes_settings {
            return self.connect().await;
        }
        connect(&appending(&self.pool.connect_options())).await
    }

    pub(super) fn options(&self) -> PgConnectOptions {
        PgConnectOptions::clone(&self.pool.connect_options())
    }
}

/// What connections that append are opened with.
pub(super) fn appending(options: &PgConnectOptions) -> PgConnectOptions {
    options.clone().options([
        // Statements with arrays never settle on one plan by themselves, and a plan each time costs more than the rest.
        ("plan_cache_mode", "force_generic_plan"),
        // All is found by key, however small the tables were when it was planned, and of a long stream only its end.
        ("enable_seqscan", "off"),
        ("enable_bitmapscan", "off"),
        // The statement says it too, but a wait for the table, as behind a migration, comes before it can.
        ("lock_timeout", LOCK_TIMEOUT),
        // To be recognised: it reaches no server through a pooler.
        ("intent.direct", "on"),
    ])
}

pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Failure> {
    within(options.connect())
        .await
        .map_err(Failure::unconnected)
}

/// A connection that nobody uses.
pub(super) struct Idle {
    connection: PgConnection,
    since: Instant,
}

impl Idle {
    pub(super) fn new(connection: PgConnection) -> Self {
        let since = Instant::now();
        Self { connection, since }
    }

    /// The connection, if it is sound. One that was idle for too long to be used unasked is asked.
    pub(super) async fn into_sound(mut self) -> Option<PgConnection> {
        let sound = self.since.elapsed() <= TRUSTED || is_alive(&mut self.connection).await;
        sound.then_some(self.connection)
    }

    pub(super) async fn close(self) {
        // The server notices either way.
        let _ = timeout(FAREWELL, self.connection.close()).await;
    }
}

impl fmt::Debug for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idle")
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}

/// Whether a connection that was idle for long still leads to a server.
pub(super) async fn is_alive(connection: &mut PgConnection) -> bool {
    matches!(timeout(SIGN_OF_LIFE, connection.ping()).await, Ok(Ok(())))
}
