//! Whether a connection pooler stands before the server, and what it keeps of a session.
//!
//! A pooler in transaction mode lends a client a server connection for one transaction. The next client of that connection
//! gets the settings made on it, and a prepared statement is found again only if the pooler prepares it anew on each
//! connection. Without that, a name may mean another client's statement, so the store finds out before it prepares its
//! first one.

use sqlx::{Connection, PgConnection, Row, postgres::PgConnectOptions};

use crate::store::postgres::{
    BEGIN,
    connection::{
        error::{Failure, Place, RunError},
        open,
    },
};

/// How often two clients' server connections are compared before they are believed to stay the same.
const ROUNDS: usize = 4;

/// Whether a connection keeps its settings, as it does everywhere but behind a pooler in transaction mode.
///
/// # Errors
/// [`Unsupported`](crate::store::error::StoreError::Unsupported) behind a pooler that forgets prepared statements, or why there is no connection.
pub(crate) async fn keeps_session(
    options: &PgConnectOptions,
    place: &Place,
) -> Result<bool, RunError> {
    let mut connection = connect(options).await?;
    // Not a prepared statement, since it is not known yet whether those work.
    let found = sqlx::raw_sql(include_str!("../sql/pooler.sql"));
    let found = found.fetch_one(&mut connection).await?;
    let (direct, plans_once): (bool, bool) = (found.try_get(0)?, found.try_get(1)?);
    let mut keeps_session = direct;
    if !direct && !carries_statements(&mut connection).await? {
        keeps_session = keeps_server(&mut connection, options).await?;
        if !keeps_session {
            return Err(place.forgetful().into());
        }
    }
    if !keeps_session && !plans_once {
        let role = options.get_username();
        tracing::warn!(%place, role, "the pooler takes no settings, so each append is planned anew: ALTER ROLE … SET plan_cache_mode = force_generic_plan");
    }
    // The server notices either way.
    let _ = connection.close().await;
    Ok(keeps_session)
}

/// A connection that tells whether it is direct, or one without any settings where a pooler refuses them.
async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Failure> {
    match open::connect(&open::direct(options)).await {
        Err(failure) if failure.refuses_options() => open::connect(options).await,
        connected => connected,
    }
}

/// Whether a pooler gives prepared statements names of its own, by which it finds them on every connection.
async fn carries_statements(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    // A transaction keeps its connection, so that the statement run is the one that was prepared.
    let mut transaction = connection.begin_with(BEGIN).await?;
    let carries = sqlx::query_scalar(include_str!("../sql/carries_statements.sql"));
    let carries = carries.fetch_one(&mut *transaction).await;
    if let Ok(false) = carries {
        // Another client must not meet the statement under its name.
        transaction.clear_cached_statements().await?;
    }
    transaction.rollback().await?;
    carries
}

/// Whether each client has a server connection to itself, as in session mode. In transaction mode, two clients that take
/// turns get the same connection, or get different ones from time to time.
async fn keeps_server(
    connection: &mut PgConnection,
    options: &PgConnectOptions,
) -> Result<bool, Failure> {
    let mut other = open::connect(options).await?;
    let (own, others) = (backend(connection).await?, backend(&mut other).await?);
    let mut keeps = own != others;
    for _ in 0..ROUNDS {
        // Twice in a row: a pooler that alternates between two servers would look as if each client kept its own.
        for _ in 0..2 {
            keeps = keeps && backend(connection).await? == own;
        }
        keeps = keeps && backend(&mut other).await? == others;
    }
    // The server notices either way.
    let _ = other.close().await;
    Ok(keeps)
}

async fn backend(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    let backend = sqlx::raw_sql(include_str!("../sql/backend.sql"));
    backend.fetch_one(connection).await?.try_get(0)
}
