//! A store beside a pool whose connections were left in some other state. The store is not affected.

use std::{sync::Arc, time::Duration};

use intent_runtime::{
    LogFilter, SqliteStore, StoreError, Subscription,
    store::{Store, Streams},
};
use sqlx::{Executor, sqlite::SqliteLockingMode};
use tokio::time::timeout;

use super::directory::{Directory, versions};
use crate::store::appending::{append, stream};

/// How long is waited for what would otherwise hang.
const SOON: Duration = Duration::from_secs(20);

/// Runs statements on every connection of the store's pool and gives the connections back as they are then.
async fn leave(store: &SqliteStore, statements: &'static str) {
    let pool = store.pool();
    let mut lent = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        let mut connection = pool.acquire().await.unwrap();
        connection.execute(statements).await.unwrap();
        lent.push(connection);
    }
}

#[tokio::test]
async fn a_store_works_on_whatever_was_left_on_the_pool() {
    for left in [
        "BEGIN; SELECT count(*) FROM intent_events",
        "PRAGMA query_only = ON",
        "CREATE TEMP TABLE intent_events (a); CREATE TEMP VIEW intent_snapshots AS SELECT 1",
    ] {
        let directory = Directory::new();
        let (store, stream) = (directory.open().await, stream());
        store.append(append(&stream, 1)).await.unwrap();
        let mut log = Subscription::new(Arc::new(store.clone()), None, LogFilter::all());
        leave(&store, left).await;
        for version in 1..=20 {
            let event = timeout(SOON, log.next()).await;
            let event = event.unwrap_or_else(|_| panic!("{left}: the log ends before {version}"));
            assert_eq!(event.unwrap().version.get(), version, "{left}");
            let stored = versions(&store, &stream).await.unwrap();
            assert_eq!(stored.last(), Some(&version), "{left}");
            store.append(append(&stream, 1)).await.unwrap();
        }
        store.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_and_the_writer_go_on_beside_each_other_whatever_the_options_share() {
    let directory = Directory::new();
    let exclusive = directory
        .options()
        .locking_mode(SqliteLockingMode::Exclusive);
    let (store, stream) = (SqliteStore::open(exclusive).await.unwrap(), stream());
    store.append(append(&stream, 1)).await.unwrap();
    store.close().await.unwrap();
    let store = directory.try_open("?cache=shared").await.unwrap();
    let (writer, written) = (store.clone(), stream.clone());
    let writing = tokio::spawn(async move {
        for _ in 0..200 {
            writer.append(append(&written, 1)).await?;
        }
        Ok::<_, StoreError>(())
    });
    while !writing.is_finished() {
        versions(&store, &stream).await.unwrap();
    }
    writing.await.unwrap().unwrap();
}
