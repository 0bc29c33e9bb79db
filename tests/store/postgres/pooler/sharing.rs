//! Server connections are shared with clients that know nothing of each other.

use std::sync::Arc;

use intent_runtime::{
    LogFilter, StoreError, Subscription,
    store::{Store, Streams},
};
use intent_tests::postgres::{Bouncer, PoolOptions};
use sqlx::{PgPool, Row};

use super::pooler;
use crate::store::{
    appending::{append, stream},
    postgres::roles::Roles,
};

#[tokio::test]
async fn nothing_is_left_behind_on_connections_that_others_use() {
    let roles = Roles::new().await;
    let bouncer = Bouncer::start(roles.server(), PoolOptions::transaction().size(2)).await;
    let url = roles.url_through(bouncer.server(), &roles.owner);
    let store = roles.open_through(bouncer.server(), &roles.owner).await;
    let store = store.unwrap();
    let reading: Arc<dyn Store> = Arc::new(store.clone());
    let mut log = Subscription::new(reading, None, LogFilter::all());
    let stream = stream();
    for _ in 0..3 {
        store.append(append(&stream, 1)).await.unwrap();
        let mut transaction = store.pool().begin().await.unwrap();
        let joined = store.append_in(&mut transaction, append(&stream, 1)).await;
        joined.unwrap();
        transaction.commit().await.unwrap();
        for _ in 0..2 {
            log.next().await.unwrap();
        }
    }
    // All of the pooler's connections at once.
    let others = PgPool::connect(&url).await.unwrap();
    let mut transactions = Vec::new();
    let mut servers = Vec::new();
    for _ in 0..2 {
        let mut transaction = others.begin().await.unwrap();
        let found = "SELECT pg_backend_pid(), current_setting('lock_timeout'), current_setting('plan_cache_mode'),
                            coalesce(current_setting('intent.tenant', true), ''),
                            coalesce(current_setting('intent.all_tenants', true), ''),
                            coalesce(current_setting('intent.row_tenant', true), ''),
                            coalesce(current_setting('intent.append_tenant', true), ''),
                            (SELECT count(*) FROM pg_listening_channels())";
        let found = sqlx::query(found)
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        servers.push(found.get::<i32, _>(0));
        assert_eq!(found.get::<&str, _>(1), "0", "lock_timeout");
        assert_eq!(found.get::<&str, _>(2), "auto", "plan_cache_mode");
        assert_eq!(found.get::<&str, _>(3), "", "intent.tenant");
        assert_eq!(found.get::<&str, _>(4), "", "intent.all_tenants");
        assert_eq!(found.get::<&str, _>(5), "", "intent.row_tenant");
        assert_eq!(found.get::<&str, _>(6), "", "intent.append_tenant");
        assert_eq!(found.get::<i64, _>(7), 0, "listening");
        transactions.push(transaction);
    }
    assert_ne!(servers[0], servers[1]);
}

#[tokio::test]
async fn a_transaction_that_stays_open_does_not_keep_appends_waiting() {
    let roles = Roles::new().await;
    let store = roles.open_through(pooler().await, &roles.app).await;
    let (store, stream) = (store.unwrap(), stream());
    let mut open = store.pool().begin().await.unwrap();
    store
        .append_in(&mut open, append(&stream, 1))
        .await
        .unwrap();
    // It is not known which of the two comes first, so the one that can be given up is given up, with an error.
    let error = store.append(append(&stream, 1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
    open.commit().await.unwrap();
    store.append(append(&stream, 1)).await.unwrap();
}

#[tokio::test]
async fn a_joined_transaction_keeps_its_own_patience() {
    let roles = Roles::new().await;
    let store = roles.open_through(pooler().await, &roles.app).await;
    let store = store.unwrap();
    let mut open = store.pool().begin().await.unwrap();
    let patience = "SET LOCAL lock_timeout = '7s'";
    sqlx::raw_sql(patience).execute(&mut *open).await.unwrap();
    store
        .append_in(&mut open, append(&stream(), 1))
        .await
        .unwrap();
    let now = sqlx::query_scalar("SELECT current_setting('lock_timeout')");
    let now: String = now.fetch_one(&mut *open).await.unwrap();
    assert_eq!(now, "7s");
}

#[tokio::test]
async fn readers_find_events_of_other_processes_by_polling() {
    let roles = Roles::new().await;
    let grant = format!("SELECT intent.grant_reader('{}')", roles.app);
    roles.run(&grant).await;
    let writing = roles.open_through(pooler().await, &roles.app).await;
    let reading = roles.open_through(pooler().await, &roles.app).await;
    let (writing, reading) = (writing.unwrap(), reading.unwrap());
    let mut log = Subscription::new(Arc::new(reading), None, LogFilter::all());
    for _ in 0..2 {
        let (event, appended) = tokio::join!(log.next(), writing.append(append(&stream(), 1)));
        appended.unwrap();
        event.unwrap();
    }
}
