//! Requests that wait for the writer, and readers that wait for what it wrote.

use std::time::Duration;

use intent_runtime::{
    MemoryStore, Metadata, SqliteStore, StoreError, Version,
    store::{EncodedMetadata, Expect, Import, Log, Streams, Transact},
};
use sqlx::SqliteConnection;
use tokio::time::timeout;

use super::directory::{Directory, versions};
use crate::store::appending::{append, begin, stream};

/// After how long a test gives up.
const SOON: Duration = Duration::from_secs(60);

/// A connection beside the store that keeps its writer waiting until it commits.
async fn writing(directory: &Directory) -> SqliteConnection {
    let mut holder = directory.connection().await;
    let begin = sqlx::query("BEGIN IMMEDIATE").execute(&mut holder).await;
    begin.unwrap();
    holder
}

async fn commit(mut holder: SqliteConnection) {
    sqlx::query("COMMIT").execute(&mut holder).await.unwrap();
}

async fn patient(directory: &Directory) -> SqliteStore {
    let options = directory.options().busy_timeout(SOON);
    SqliteStore::open(options).await.unwrap()
}

#[tokio::test]
async fn readers_are_woken_after_an_append_whose_caller_gave_up() {
    let (directory, stream) = (Directory::new(), stream());
    let store = patient(&directory).await;
    let mut wake_ups = store.wake_ups();
    let holder = writing(&directory).await;
    let mut appending = store.append(append(&stream, 1));
    begin(&mut appending).await;
    drop(appending);
    commit(holder).await;
    let woken = timeout(SOON, wake_ups.changed()).await;
    woken.expect("they are woken").unwrap();
    assert_eq!(versions(&store, &stream).await.unwrap(), [1]);
}

#[tokio::test]
async fn readers_are_woken_after_an_import_whose_caller_gave_up() {
    let (directory, stream) = (Directory::new(), stream());
    let source = MemoryStore::new();
    let new = append(&stream, 3);
    let command = new.command_id;
    source.append(new).await.unwrap();
    let events = source.events_of_command(stream.tenant_id, command).await;

    let store = patient(&directory).await;
    let mut wake_ups = store.wake_ups();
    let holder = writing(&directory).await;
    let mut importing = store.import(events.unwrap());
    begin(&mut importing).await;
    drop(importing);
    commit(holder).await;
    let woken = timeout(SOON, wake_ups.changed()).await;
    woken.expect("they are woken").unwrap();
    assert_eq!(versions(&store, &stream).await.unwrap(), [1, 2, 3]);
}

/// As on Postgres, with the same error.
#[tokio::test]
async fn no_more_wait_than_the_queue_has_room_for() {
    let (directory, stream) = (Directory::new(), stream());
    let store = patient(&directory).await;
    let holder = writing(&directory).await;
    let mut first = store.append(append(&stream, 1));
    begin(&mut first).await;
    // Until the writer has taken it, and waits.
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
    // Its metadata counts for each of its events, and is there once. It is never written: it conflicts.
    let metadata = Metadata::new().actor("a".repeat(16 * 1024));
    let metadata = EncodedMetadata::new(metadata).unwrap();
    let large = || {
        let mut append = append(&stream, 10_000);
        append.metadata = metadata.clone();
        append.expect = Expect::Version(Version::new(99));
        append
    };
    let mut queued = store.append(large());
    begin(&mut queued).await;
    let error = store.append(large()).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
    let mut small: Vec<_> = (0..2_000)
        .map(|_| store.append(append(&stream, 1)))
        .collect();
    for small in &mut small {
        begin(small).await;
    }
    commit(holder).await;
    first.await.unwrap();
    let conflict = queued.await.unwrap_err();
    assert!(
        matches!(conflict, StoreError::Conflict { .. }),
        "{conflict:?}"
    );
    for small in small {
        small.await.unwrap();
    }
    let mut again = store.append(large());
    begin(&mut again).await;
    assert_eq!(versions(&store, &stream).await.unwrap().len(), 2_001);
}

#[tokio::test]
async fn a_transaction_begins_when_another_writer_is_done() {
    let (directory, stream) = (Directory::new(), stream());
    let store = patient(&directory).await;
    let holder = writing(&directory).await;
    let mut beginning = store.begin();
    begin(&mut beginning).await;
    let mut behind = store.append(append(&stream, 1));
    begin(&mut behind).await;
    commit(holder).await;
    let begun = beginning.await.unwrap();
    begun.append(append(&stream, 1)).await.unwrap();
    begun.commit().await.unwrap();
    behind.await.unwrap();
    assert_eq!(versions(&store, &stream).await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn a_transaction_that_another_writer_keeps_from_beginning_leaves_the_writer_free() {
    let (directory, stream) = (Directory::new(), stream());
    let options = directory.options().busy_timeout(Duration::from_millis(10));
    let store = SqliteStore::open(options).await.unwrap();
    let holder = writing(&directory).await;
    let told = store.begin().await.map(drop);
    assert!(matches!(told, Err(StoreError::Busy { .. })), "{told:?}");
    commit(holder).await;
    store.append(append(&stream, 1)).await.unwrap();
    let begun = store.begin().await.unwrap();
    begun.append(append(&stream, 1)).await.unwrap();
    begun.commit().await.unwrap();
    assert_eq!(versions(&store, &stream).await.unwrap(), [1, 2]);
}

/// What is dropped is rolled back before anything else is sent, so nobody has to wait for it.
#[tokio::test]
async fn a_dropped_transaction_is_over_before_the_next_begins() {
    let (directory, stream) = (Directory::new(), stream());
    let options = directory.options().busy_timeout(Duration::ZERO);
    let store = SqliteStore::open(options).await.unwrap();
    for _ in 0..100 {
        let begun = store.begin().await.unwrap();
        begun.append(append(&stream, 1)).await.unwrap();
    }
    assert!(versions(&store, &stream).await.unwrap().is_empty());
}
