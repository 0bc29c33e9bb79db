//! Transactions that the store begins, on connections of its own.

use intent_runtime::{
    PgStore, StoreError, Timestamp, Version,
    store::{AsOfTime, Expect, Log, Store, StreamId, Streams, Transact},
};
use sqlx::query_scalar;

use super::roles::Roles;
use crate::store::appending::{append, stream};

async fn version(store: &PgStore, stream: &StreamId) -> Version {
    let now = AsOfTime::Recorded(Timestamp::MAX);
    store.version_as_of(stream, now).await.unwrap()
}

/// Waits until no connection of the application's is in a transaction.
async fn until_idle(roles: &Roles) {
    let mut admin = roles.connection("postgres").await;
    loop {
        let open = "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'";
        let open: i64 = query_scalar(open).fetch_one(&mut admin).await.unwrap();
        if open == 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_its_connection_sound() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let stream = stream();
    // More than there are connections, so each must come back.
    for _ in 0..30 {
        let begun = store.begin().await.unwrap();
        begun.append(append(&stream, 1)).await.unwrap();
        drop(begun);
    }
    until_idle(&roles).await;
    assert_eq!(version(&store, &stream).await, Version::NONE);
    store.append(append(&stream, 1)).await.unwrap();
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_wait_for_another_transaction_has_a_bound() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let stream = stream();
    let (ahead, behind) = (store.begin().await.unwrap(), store.begin().await.unwrap());
    ahead.append(append(&stream, 1)).await.unwrap();
    let error = behind.append(append(&stream, 1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
    ahead.commit().await.unwrap();
    // It goes on as it was, and now sees what was committed.
    let mut next = append(&stream, 1);
    next.expect = Expect::Version(Version::FIRST);
    behind.append(next).await.unwrap();
    behind.commit().await.unwrap();
    assert_eq!(version(&store, &stream).await, Version::new(2));
}
