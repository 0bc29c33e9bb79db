use std::{ops::ControlFlow, path::PathBuf};

use intent_runtime::{
    SqliteStore, StoreError,
    store::{RawEvent, ReadStream, StateSink, StoredSnapshot, StreamId, Streams},
};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use uuid::Uuid;

/// A directory of a test's own, removed with it.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("intent-{}", Uuid::now_v7()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// The file that the store is in.
    pub fn file(&self) -> PathBuf {
        self.0.join("store.db")
    }

    pub fn options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(self.file())
            .create_if_missing(true)
    }

    /// A connection beside the store's own.
    pub async fn connection(&self) -> SqliteConnection {
        self.options().connect().await.unwrap()
    }

    /// Runs statements on the file, beside any store that has it open.
    pub async fn execute(&self, statements: &'static str) {
        let mut connection = self.connection().await;
        let run = sqlx::raw_sql(statements).execute(&mut connection).await;
        run.unwrap();
        connection.close().await.unwrap();
    }

    pub async fn open(&self) -> SqliteStore {
        self.try_open("").await.unwrap()
    }

    /// Opens the file by its URL, with parameters such as `?mode=ro`.
    pub async fn try_open(&self, parameters: &str) -> Result<SqliteStore, StoreError> {
        SqliteStore::connect(&format!("sqlite:{}{parameters}", self.file().display())).await
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // A store that was not closed may still be writing its last files; the system clears what is left.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The versions of a stream's events, as state is read.
pub async fn versions(store: &SqliteStore, stream: &StreamId) -> Result<Vec<u64>, StoreError> {
    let mut versions = Versions(Vec::new());
    store
        .read_state(ReadStream::all(stream), &mut versions)
        .await?;
    Ok(versions.0)
}

struct Versions(Vec<u64>);

impl StateSink for Versions {
    fn snapshot(&mut self, _: StoredSnapshot) -> bool {
        true
    }

    fn event(&mut self, event: RawEvent<'_>) -> ControlFlow<()> {
        self.0.push(event.version.get());
        ControlFlow::Continue(())
    }
}
