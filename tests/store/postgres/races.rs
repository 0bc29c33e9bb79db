//! S2: tasks of several processes race for one stream, and each version has exactly one winner.

use std::sync::Arc;

use intent_runtime::{
    StoreError, Version,
    store::{Appended, Expect, Log, Store, StreamId, Streams},
};
use tokio::{sync::Barrier, task::JoinSet};

use super::roles::Roles;
use crate::store::appending::{append, stream};

/// How many stores, each as one process has it, and how many tasks share one.
const STORES: usize = 4;
const TASKS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn one_of_32_racers_wins_each_of_1_000_versions() {
    race(0, 1_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_32_racers_wins_each_version_past_65_535() {
    race(65_500, 100).await;
}

/// Lets all tasks append at each of these versions, after this many events.
async fn race(before: u64, versions: u64) {
    let roles = Roles::new().await;
    let stream = stream();
    let first = roles.open(&roles.app).await.unwrap();
    let mut version = 0;
    while version < before {
        let events = usize::try_from((before - version).min(10_000)).unwrap();
        first.append(append(&stream, events)).await.unwrap();
        version += events as u64;
    }
    let start = Arc::new(Barrier::new(STORES * TASKS));
    let mut racers = JoinSet::new();
    for _ in 0..STORES {
        let store = roles.open(&roles.app).await.unwrap();
        for _ in 0..TASKS {
            let (store, stream, start) = (store.clone(), stream.clone(), Arc::clone(&start));
            racers.spawn(async move {
                let mut won = 0;
                for version in before..before + versions {
                    start.wait().await;
                    won += u64::from(wins(&store, &stream, version).await);
                }
                won
            });
        }
    }
    let won: u64 = racers.join_all().await.iter().sum();
    assert_eq!(won, versions, "each version has one winner");
    let now = intent_runtime::store::AsOfTime::Recorded(intent_runtime::Timestamp::now());
    let last = first.version_as_of(&stream, now).await.unwrap();
    assert_eq!(last.get(), before + versions);
}

/// Returns whether an append at a version wins. A loser's error must have the right versions.
async fn wins(store: &impl Store, stream: &StreamId, version: u64) -> bool {
    let mut new = append(stream, 1);
    new.expect = Expect::Version(Version::new(version));
    let expected_then = new.expect;
    match store.append(new).await {
        Ok(Appended::Stored { version: now, .. }) => {
            assert_eq!(now.get(), version + 1);
            true
        }
        Err(StoreError::Conflict {
            expected, actual, ..
        }) => {
            assert_eq!((expected, actual.get()), (expected_then, version + 1));
            false
        }
        other => panic!("{other:?}"),
    }
}
