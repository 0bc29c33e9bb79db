//! Appends within transactions of a user's own, racing for one stream.

use intent_runtime::{
    Expect, Store, StoreError, Version,
    store::{Append, Appended},
};
use sqlx::PgTransaction;

use super::roles::Roles;
use crate::store::appending::{append, stream};

/// Has one append wait in a transaction for another, which then commits, and says what the waiting one is told.
async fn wait_for(first: Append, second: Append) -> Result<Appended, StoreError> {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    store
        .append(append(&first.stream.clone(), 1))
        .await
        .unwrap();
    let mut ahead = store.pool().begin().await.unwrap();
    store.append_in(&mut ahead, first).await.unwrap();
    let mut behind = store.pool().begin().await.unwrap();
    let process: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut *behind)
        .await
        .unwrap();
    let told = {
        let waiting = store.append_in(&mut behind, second);
        let committing = async {
            roles.until_waits(process).await;
            ahead.commit().await.unwrap();
        };
        tokio::join!(waiting, committing).0
    };
    still_works(behind).await;
    told
}

async fn still_works(mut transaction: PgTransaction<'_>) {
    let one: i32 = sqlx::query_scalar("SELECT 1")
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(one, 1);
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn the_loser_of_a_race_is_told_what_the_stream_is_at() {
    let stream = stream();
    let at_one = || Append {
        expect: Expect::Version(Version::FIRST),
        ..append(&stream, 2)
    };
    let error = wait_for(at_one(), at_one()).await.unwrap_err();
    let expected = Expect::Version(Version::FIRST);
    let (wanted, found) = match error {
        StoreError::Conflict {
            expected, actual, ..
        } => (expected, actual),
        other => panic!("{other:?}"),
    };
    assert_eq!((wanted, found), (expected, Version::new(3)));
}

#[tokio::test]
async fn whoever_expects_nothing_comes_next() {
    let stream = stream();
    let told = wait_for(append(&stream, 1), append(&stream, 1)).await;
    let version = match told.unwrap() {
        Appended::Stored { version, .. } => version,
        other @ Appended::Before(_) => panic!("{other:?}"),
    };
    assert_eq!(version, Version::new(3));
}

#[tokio::test]
async fn a_command_that_is_sent_twice_at_once_has_one_effect() {
    let once = append(&stream(), 2);
    let told = wait_for(once.clone(), once).await.unwrap();
    let before = matches!(&told, Appended::Before(events) if events.len() == 2);
    assert!(before, "{told:?}");
}
