use std::path::{Path, PathBuf};

use intent_runtime::{SqliteStore, StoreError};
use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
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
        remove(&self.0);
    }
}

fn remove(path: &Path) {
    // A store that was not closed may still be writing its last files; the system clears what is left.
    let _ = std::fs::remove_dir_all(path);
}
