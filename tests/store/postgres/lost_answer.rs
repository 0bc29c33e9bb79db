//! Imports and migrations whose answer is lost on the way.

use intent_runtime::{
    MemoryStore, PgStore,
    store::{Import, Imported},
};
use intent_tests::postgres::{Proxy, TempDatabase};

use crate::transfer::fixture::{fill, log};

/// S3, S16: the import is tried again and finds its events, which then count as known. Each is stored once.
#[tokio::test]
async fn a_page_whose_answer_is_lost_is_stored_once_and_counts_as_known() {
    let source = MemoryStore::new();
    fill(&source).await;
    let before = log(&source).await;
    let database = TempDatabase::new().await;
    let proxy = Proxy::start(database.server()).await;
    let store = PgStore::connect(&proxy.url(database.name())).await.unwrap();
    // A connection is open, so that the next reply is that of the import.
    assert_eq!(log(&store).await, []);
    proxy.swallow_next_reply();
    let imported = store.import(before.clone()).await.unwrap();
    assert_eq!(proxy.swallowed(), 1);
    let known = before.len();
    assert_eq!(imported, Imported::new(0, known));
    assert_eq!(log(&store).await, before);
}

/// Opening a store tries again, as every other call does, and finds its tables.
#[tokio::test]
async fn a_migration_whose_answer_is_lost_is_found_done() {
    let database = TempDatabase::new().await;
    let proxy = Proxy::start(database.server()).await;
    proxy.swallow_next_reply_to("COMMIT");
    let store = PgStore::connect(&proxy.url(database.name())).await.unwrap();
    assert_eq!(proxy.swallowed(), 1);
    assert_eq!(log(&store).await, []);
}
