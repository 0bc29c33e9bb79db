//! How the store opens connections of its own.

use std::{io, time::Duration};

use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, Row, postgres::PgConnectOptions};
use tokio::time::{Instant, timeout};

use crate::store::postgres::connection::{
    error::{Failure, Place},
    run::within,
    url::without_brackets,
};

/// A connection that was idle for longer is checked before use: a firewall or proxy on the way may have dropped it silently.
pub(crate) const TRUSTED: Duration = Duration::from_secs(60);
/// How long a connection may take to say that it is sound.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);
/// How long an idle connection may take to be closed.
const FAREWELL: Duration = Duration::from_secs(2);

/// Asks whether the connection is in no transaction.
const ALONE: &str = include_str!("../sql/alone.sql");
/// What every connection of the store's own is set to.
const SESSION: &str = include_str!("../sql/session.sql");
/// The same for those that append.
const APPEND_SESSION: &str = concat!(
    include_str!("../sql/append_session.sql"),
    include_str!("../sql/session.sql")
);

/// Opens the store's own connections, each as the user's pool would open one now: with its options, whose password may
/// have changed, and its `after_connect`.
///
/// The user's pool itself lends none of them. What it lends may be inside somebody's transaction: sqlx does not notice
/// when a `begin` is cancelled.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    pool: PgPool,
    /// Whether the pool may have an `after_connect`. sqlx does not say whether it has.
    hooked: bool,
    /// Whether a connection keeps its settings, as it does everywhere except behind a pooler in transaction mode.
    keeps_session: bool,
    session: &'static str,
    place: Place,
}

impl Connector {
    /// A connector to the database of a pool, at a place.
    pub(crate) fn new(pool: PgPool, hooked: bool, keeps_session: bool, place: Place) -> Self {
        Self {
            pool,
            hooked,
            keeps_session,
            session: SESSION,
            place,
        }
    }

    /// The same for connections that append.
    pub(crate) fn to_append(&self) -> Self {
        Self {
            session: APPEND_SESSION,
            ..self.clone()
        }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The connection that was kept, if there is one and it is sound, or a new one, and since when it is open.
    pub(crate) async fn keep_or_connect(
        &self,
        kept: Option<Idle>,
    ) -> Result<(PgConnection, Instant), Failure> {
        // One that was idle for long is checked first.
        if let Some(mut kept) = kept
            && (kept.since.elapsed() <= TRUSTED || is_sound(&mut kept.connection).await)
        {
            return Ok((kept.connection, kept.opened));
        }
        Ok((self.connect().await?, Instant::now()))
    }

    async fn connect(&self) -> Result<PgConnection, Failure> {
        let opening = async {
            let mut connection = self.open().await?;
            // If the session is not kept, the connection's next client would get the settings, so none are made.
            let session = match self.keeps_session {
                true => self.session,
                false => ALONE,
            };
            if !is_alone(&mut connection, session).await? {
                return Err(io::Error::other("`after_connect` leaves a transaction open").into());
            }
            Ok(connection)
        };
        within(opening).await.map_err(Failure::unconnected)
    }

    async fn open(&self) -> Result<PgConnection, sqlx::Error> {
        // A pool would retry until its time is up and then not say why there is no connection. This attempt says why.
        let connection = self.options().connect().await?;
        if !self.hooked {
            return Ok(connection);
        }
        // The server notices either way.
        let _ = connection.close().await;
        match self.pool_of_one().acquire().await {
            Ok(connection) => Ok(connection.detach()),
            Err(sqlx::Error::PoolTimedOut) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "no connection was ready in time: if the pool's `after_connect` fails, sqlx has logged its error",
            )
            .into()),
            Err(error) => Err(error),
        }
    }

    /// A pool like the user's for one connection: only a pool runs an `after_connect`.
    pub(crate) fn pool_of_one(&self) -> PgPool {
        let options = self.pool.options().clone();
        options
            .min_connections(0)
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(self.options())
    }

    fn options(&self) -> PgConnectOptions {
        without_brackets(PgConnectOptions::clone(&self.pool.connect_options()))
    }
}

/// Options with a setting that no pooler passes on. It shows whether a connection leads to the server directly.
pub(crate) fn direct(options: &PgConnectOptions) -> PgConnectOptions {
    options.clone().options([("intent.direct", "on")])
}

pub(crate) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Failure> {
    within(options.connect())
        .await
        .map_err(Failure::unconnected)
}

pub(crate) struct Idle {
    connection: PgConnection,
    pub(crate) opened: Instant,
    /// Since when nobody has used it.
    pub(crate) since: Instant,
}

impl Idle {
    pub(crate) fn new((connection, opened): (PgConnection, Instant)) -> Self {
        Self {
            connection,
            opened,
            since: Instant::now(),
        }
    }

    pub(crate) async fn close(self) {
        // The server notices either way.
        let _ = timeout(FAREWELL, self.connection.close()).await;
    }
}

/// Whether a connection leads to a server, has no answer on its way any more, and is in no transaction.
pub(crate) async fn is_sound(connection: &mut PgConnection) -> bool {
    let alone = is_alone(connection, ALONE);
    matches!(timeout(SIGN_OF_LIFE, alone).await, Ok(Ok(true)))
}

/// Whether the connection is in no transaction, as the first column of the query says.
async fn is_alone(connection: &mut PgConnection, query: &'static str) -> Result<bool, sqlx::Error> {
    let alone = sqlx::raw_sql(query).fetch_one(connection).await?;
    alone.try_get(0)
}
