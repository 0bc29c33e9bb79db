//! The connections of the store.

use std::{sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};
use tokio::{
    sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard},
    time::timeout,
};

use crate::store::{
    error::StoreError,
    migrations::Found,
    sqlite::error::{Failure, Kind, Place},
};

const READERS: u32 = 4;
/// How often to try to switch a file to a write-ahead log. A try fails at once while another process uses the file.
const SWITCH_TRIES: u32 = 250;
/// How long to wait between two of those tries.
const SWITCH_PAUSE: Duration = Duration::from_millis(20);

/// Opens the writer's connection and switches the file to a write-ahead log for good. Also returns the options that the
/// connection was opened with.
pub(super) async fn connect_writer(
    options: SqliteConnectOptions,
    place: &Place,
    found: Found,
) -> Result<(SqliteConnection, SqliteConnectOptions), StoreError> {
    let wal = options.clone().journal_mode(SqliteJournalMode::Wal);
    let mut tries = 0;
    loop {
        let failure = match connect_to_write(&wal).await.map_err(Failure::from) {
            Ok(connection) => return Ok((connection, wal)),
            Err(failure) => failure,
        };
        match failure.kind() {
            Kind::Busy if tries < SWITCH_TRIES => tokio::time::sleep(SWITCH_PAUSE).await,
            // It cannot be switched, but it can be read as it is.
            Kind::ReadOnly if found == Found::Usable => {
                let connection = connect_to_write(&options).await;
                return Ok((connection.map_err(|error| place.error(error))?, options));
            }
            _ => return Err(place.error(failure)),
        }
        tries += 1;
    }
}

/// The options of a pool of connections to the file. The connections do not go stale, so they are neither tested before use nor
/// ever replaced. So their compiled statements are kept.
pub(super) fn pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// The one connection that writes. Batches of the writer and transactions that the store begins take turns at it, in the order
/// in which they asked.
#[derive(Clone, Debug)]
pub(super) struct WriteConnection {
    /// `None` once it is closed.
    connection: Arc<Mutex<Option<SqliteConnection>>>,
    /// How long a batch or a transaction waits for its turn: as long as for another process.
    busy_timeout: Duration,
    place: Place,
}

pub(super) type Turn = OwnedMappedMutexGuard<Option<SqliteConnection>, SqliteConnection>;

impl WriteConnection {
    pub(super) async fn new(
        mut connection: SqliteConnection,
        place: Place,
    ) -> Result<Self, StoreError> {
        let busy_timeout = sqlx::query_scalar("PRAGMA busy_timeout");
        let busy_timeout: Result<i64, _> = busy_timeout.fetch_one(&mut connection).await;
        let busy_timeout = busy_timeout.map_err(|error| place.error(error))?;
        Ok(Self {
            connection: Arc::new(Mutex::new(Some(connection))),
            busy_timeout: Duration::from_millis(u64::try_from(busy_timeout).unwrap_or(0)),
            place,
        })
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when a transaction stays open for too long; [`StoreError::Closed`].
    pub(super) async fn turn(&self) -> Result<Turn, StoreError> {
        let locked = timeout(self.busy_timeout, Arc::clone(&self.connection).lock_owned());
        let locked = locked.await.map_err(|_| self.held())?;
        OwnedMutexGuard::try_map(locked, Option::as_mut).map_err(|_| StoreError::Closed)
    }

    /// The error of a batch or a transaction that waited too long for its turn.
    pub(super) fn held(&self) -> StoreError {
        StoreError::Busy {
            place: self.place.to_string(),
            source: "a transaction of this store is open for longer than the busy timeout".into(),
        }
    }

    /// Waits for the last turn, then closes the connection.
    pub(super) async fn close(&self) {
        if let Some(connection) = self.connection.lock().await.take() {
            // The database is sound even without a clean end, and no caller is left to get an error.
            let _ = connection.close().await;
        }
    }
}

/// Opens a connection that writes. It waits for the disk, even if the options say otherwise: they may spell the same pragma
/// with other letters.
pub(super) async fn connect_to_write(
    options: &SqliteConnectOptions,
) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    let durable = sqlx::raw_sql("PRAGMA synchronous = FULL");
    durable.execute(&mut connection).await?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqliteSynchronous;

    use super::*;

    #[tokio::test]
    async fn what_is_written_waits_for_the_disk_whatever_the_options_say() {
        let options = SqliteConnectOptions::new()
            .in_memory(true)
            .synchronous(SqliteSynchronous::Full)
            .pragma("SYNCHRONOUS", "OFF");
        let mut connection = connect_to_write(&options).await.unwrap();
        let synchronous = sqlx::query_scalar("PRAGMA synchronous");
        let synchronous: i64 = synchronous.fetch_one(&mut connection).await.unwrap();
        assert_eq!(synchronous, 2, "FULL");
    }
}
