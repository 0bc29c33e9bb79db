//! One file that several stores have open.

use intent_runtime::{
    StoreError, Version,
    store::{Appended, Expect, Store, Streams},
};
use tokio::task::JoinSet;

use super::directory::{Directory, versions};
use crate::store::appending::{append, stream};

#[tokio::test(flavor = "multi_thread")]
async fn two_handles_on_one_file_share_one_truth() {
    let (directory, stream) = (Directory::new(), stream());
    let (one, other) = tokio::join!(directory.open(), directory.open());
    for version in 0..40 {
        let mut racers = JoinSet::new();
        for store in [one.clone(), other.clone()] {
            let mut append = append(&stream, 1);
            append.expect = Expect::Version(Version::new(version));
            racers.spawn(async move { store.append(append).await });
        }
        let outcomes = racers.join_all().await;
        let won = |outcome: &&Result<Appended, _>| outcome.is_ok();
        assert_eq!(
            outcomes.iter().filter(won).count(),
            1,
            "one wins: {outcomes:?}"
        );
    }
    for store in [one, other] {
        let found = versions(&store, &stream).await.unwrap();
        assert_eq!(found, (1..=40).collect::<Vec<_>>(), "both see all of it");
        store.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_may_be_opened_by_many_at_once() {
    let directory = std::sync::Arc::new(Directory::new());
    let mut openers = JoinSet::new();
    for _ in 0..8 {
        let directory = directory.clone();
        openers.spawn(async move { directory.open().await });
    }
    let stream = stream();
    let stores = openers.join_all().await;
    for store in &stores {
        store.append(append(&stream, 1)).await.unwrap();
    }
    let found = versions(&stores[0], &stream).await.unwrap();
    assert_eq!(
        found,
        (1..=8).collect::<Vec<_>>(),
        "all write to the same tables"
    );
}

#[tokio::test]
async fn a_writer_that_is_kept_waiting_says_so() {
    let (directory, stream) = (Directory::new(), stream());
    directory.open().await.close().await.unwrap();
    let options = directory
        .options()
        .busy_timeout(std::time::Duration::from_millis(1));
    let store = intent_runtime::SqliteStore::open(options).await.unwrap();
    let mut holder = directory.connection().await;
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut holder)
        .await
        .unwrap();
    let error = store.append(append(&stream, 1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
    sqlx::query("COMMIT").execute(&mut holder).await.unwrap();
    store.append(append(&stream, 1)).await.unwrap();
}
