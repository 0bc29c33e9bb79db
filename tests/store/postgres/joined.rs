//! Appends within transactions of a user's own, racing for one stream.

use intent_runtime::{
    StoreError, Version,
    store::{Append, Appended, Expect, Streams},
};
use intent_tests::postgres::Proxy;
use sqlx::{PgTransaction, query, query_scalar};

use super::roles::Roles;
use crate::store::appending::{append, stream};

/// Makes one append wait in a transaction for another, which then commits. Returns the answer of the one that waited.
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
    let process = process(&mut behind).await;
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

async fn process(transaction: &mut PgTransaction<'_>) -> i32 {
    let process = query_scalar("SELECT pg_backend_pid()");
    process.fetch_one(&mut **transaction).await.unwrap()
}

async fn still_works(mut transaction: PgTransaction<'_>) {
    let one: i32 = query_scalar("SELECT 1")
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(one, 1);
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn the_loser_of_a_race_learns_the_version_of_the_stream() {
    let stream = stream();
    let at_one = || {
        let mut append = append(&stream, 2);
        append.expect = Expect::Version(Version::FIRST);
        append
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
async fn an_append_that_expects_nothing_comes_next() {
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

#[tokio::test]
async fn a_command_that_is_stored_meanwhile_is_no_conflict() {
    const LOOK_UP: &str = "SELECT seen.aggregate_id, seen.aggregate_type";
    const SLOWLY: &str = "SELECT seen.aggregate_id, (SELECT seen.aggregate_type FROM pg_advisory_xact_lock_shared(7))";
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let proxy = Proxy::rewriting(roles.server(), |text| text.replace(LOOK_UP, SLOWLY)).await;
    let slow = roles.open_through(proxy.server(), &roles.app).await;
    let slow = slow.unwrap();
    let mut once = append(&stream(), 2);
    once.expect = Expect::NoStream;
    let mut held = roles.connection("postgres").await;
    let hold = query("SELECT pg_advisory_lock(7)");
    hold.execute(&mut held).await.unwrap();
    let mut transaction = slow.pool().begin().await.unwrap();
    let process = process(&mut transaction).await;
    let joining = slow.append_in(&mut transaction, once.clone());
    let storing = async {
        // It has looked for its command and not found it.
        roles.until_waits(process).await;
        store.append(once).await.unwrap();
        let release = query("SELECT pg_advisory_unlock(7)");
        release.execute(&mut held).await.unwrap();
    };
    let (told, ()) = tokio::join!(joining, storing);
    let before = matches!(&told, Ok(Appended::Before(events)) if events.len() == 2);
    assert!(before, "{told:?}");
    still_works(transaction).await;
}
