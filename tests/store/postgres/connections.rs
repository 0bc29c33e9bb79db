//! How many connections a store has and for what, as the chapter on stores says.

use std::sync::Arc;

use futures_util::future::join_all;
use intent_runtime::{
    LogFilter, PgStore, Subscription, TenantId, Timestamp,
    store::AsOfTime,
    store::{Log, Store, Streams},
};
use sqlx::{PgConnection, postgres::PgPoolOptions};
use tokio::time::timeout;

use super::{
    roles::Roles,
    waiting::{SOON, assert_stored, locked, patient, spawn},
};
use crate::store::appending::{append, stream};

/// Waits until the application's role has so many connections.
async fn until(watch: &mut PgConnection, roles: &Roles, connections: i64) {
    let mut found = 0;
    let reached = async {
        while found != connections {
            let count = "SELECT count(*) FROM pg_stat_activity WHERE usename = $1";
            let count = sqlx::query_scalar(count).bind(&roles.app);
            found = count.fetch_one(&mut *watch).await.unwrap();
        }
    };
    let reached = timeout(SOON, reached).await;
    assert!(reached.is_ok(), "{found} instead of {connections}");
}

async fn read(store: &PgStore) {
    let now = AsOfTime::Recorded(Timestamp::MAX);
    store.version_as_of(&stream(), now).await.unwrap();
}

#[tokio::test]
async fn each_connection_is_there_for_what_the_guide_says() {
    let roles = Roles::new().await;
    let mut watch = roles.connection("postgres").await;
    let store = roles.open(&roles.app).await.unwrap();
    // Opening the store leaves no connection.
    until(&mut watch, &roles, 0).await;
    // One connection that reads stays, and serves one read after another.
    for _ in 0..10 {
        read(&store).await;
    }
    until(&mut watch, &roles, 1).await;
    // One connection appends, and one notifies other processes.
    for _ in 0..10 {
        assert_stored(&store.append(append(&stream(), 1)).await);
    }
    until(&mut watch, &roles, 3).await;
    // One connection listens.
    let mut woken = store.wake_ups();
    woken.changed().await.unwrap();
    until(&mut watch, &roles, 4).await;
    // One connection finds out what readers wait for at a gap in the log. The transaction that left the gap is on the user's
    // pool.
    let (open, _) = locked(&store).await;
    assert_stored(&store.append(append(&stream(), 1)).await);
    let tenant = Some(TenantId::DEFAULT);
    let mut log = Subscription::new(Arc::new(store.clone()), tenant, LogFilter::all());
    for _ in 0..10 {
        log.next().await.unwrap();
    }
    tokio::select! {
        biased;
        event = log.next() => panic!("it is held up: {event:?}"),
        () = until(&mut watch, &roles, 6) => {}
    }
    drop(log);
    open.commit().await.unwrap();
    // The user's pool is the user's.
    let users = store.pool().clone();
    store.close().await.unwrap();
    until(&mut watch, &roles, 0).await;
    assert!(users.is_closed(), "the store had made it");
}

#[tokio::test]
async fn as_many_read_at_once_as_the_pool_may_have() {
    const READERS: u32 = 3;
    let roles = Roles::new().await;
    let mut watch = roles.connection("postgres").await;
    let pool = PgPoolOptions::new().max_connections(READERS);
    let pool = pool.connect_lazy(&roles.database().url_as(&roles.app));
    let pool = pool.unwrap();
    let store = PgStore::new(pool.clone()).await.unwrap();
    let mut held = roles.connection("postgres").await;
    let lock = "BEGIN; LOCK TABLE intent.events";
    sqlx::raw_sql(lock).execute(&mut held).await.unwrap();
    let reads = join_all((0..4 * READERS).map(|_| read(&store)));
    let busy = async {
        roles.until_lock_waits(READERS.into()).await;
        until(&mut watch, &roles, READERS.into()).await;
        sqlx::raw_sql("COMMIT").execute(&mut held).await.unwrap();
    };
    tokio::join!(reads, busy);
    until(&mut watch, &roles, READERS.into()).await;
    store.close().await.unwrap();
    until(&mut watch, &roles, 0).await;
    assert!(!pool.is_closed(), "it is the user's");
}

#[tokio::test]
async fn four_append_at_most() {
    let roles = Roles::new().await;
    let mut watch = roles.connection("postgres").await;
    let (store, _proxy) = patient(&roles).await;
    let (mut transactions, mut waiting) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        let (open, stream) = locked(&store).await;
        transactions.push(open);
        waiting.push(spawn(&store, &stream));
    }
    roles.until_lock_waits(3).await;
    let others = join_all((0..10).map(|_| store.append(append(&stream(), 1))));
    others.await.iter().for_each(assert_stored);
    // One connection notifies other processes, and eight are the user's.
    until(&mut watch, &roles, 4 + 1 + 8).await;
    for open in transactions {
        open.commit().await.unwrap();
    }
    for waiting in waiting {
        assert_stored(&waiting.await.unwrap());
    }
}

#[tokio::test]
async fn what_is_idle_for_longer_than_the_pool_allows_is_closed() {
    let roles = Roles::new().await;
    let mut watch = roles.connection("postgres").await;
    let pool = PgPoolOptions::new().idle_timeout(std::time::Duration::from_millis(20));
    let pool = pool.connect_lazy(&roles.database().url_as(&roles.app));
    let store = PgStore::new(pool.unwrap()).await.unwrap();
    for _ in 0..2 {
        join_all((0..3).map(|_| read(&store))).await;
        until(&mut watch, &roles, 0).await;
    }
}
