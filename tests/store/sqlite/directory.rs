use std::{ops::ControlFlow, path::PathBuf};

use intent_runtime::{
    AggregateId, CommandId, EncodedMetadata, Expect, Metadata, NewEvent, SqliteStore, Store,
    StoreError, StoredSnapshot, StreamId, TenantId,
    store::{Append, RawEvent, ReadStream, StateSink},
};
use serde_json::value::RawValue;
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

pub fn stream() -> StreamId {
    StreamId {
        tenant_id: TenantId::DEFAULT,
        aggregate_type: "Account".into(),
        aggregate_id: AggregateId::from_uuid(Uuid::now_v7()),
    }
}

/// An append of some events that expects nothing.
pub fn append(stream: &StreamId, events: usize) -> Append {
    with_payloads(stream, &vec!["{}"; events])
}

pub fn append_payload(stream: &StreamId, payload: &str) -> Append {
    with_payloads(stream, &[payload])
}

fn with_payloads(stream: &StreamId, payloads: &[&str]) -> Append {
    let event = |payload: &&str| NewEvent {
        event_type: "Deposited".into(),
        schema_version: 1,
        payload: RawValue::from_string((*payload).to_owned()).unwrap(),
    };
    Append {
        stream: stream.clone(),
        expect: Expect::Any,
        command_id: CommandId::new(),
        events: payloads.iter().map(event).collect(),
        metadata: EncodedMetadata::new(Metadata::new()).unwrap(),
        snapshot: None,
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
