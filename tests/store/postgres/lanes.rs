//! The connections that append: when they cannot be opened, are forgotten on the way, or are held by a future that is no longer
//! polled.

use std::{sync::Arc, time::Duration};

use intent_runtime::{
    LogFilter, PgStore, StoreError, Subscription, TenantId,
    store::{Log, Store, Streams},
};
use intent_tests::postgres::Proxy;
use sqlx::postgres::PgConnectOptions;
use tokio::time::{advance, pause, resume, timeout};

use super::{
    roles::Roles,
    waiting::{SOON, assert_stored, locked, patient, spawn},
};
use crate::store::appending::{append, begin, stream};

async fn through_a_proxy() -> (Roles, Proxy, PgStore) {
    let roles = Roles::new().await;
    let proxy = Proxy::start(roles.server()).await;
    let store = roles.open_through(proxy.server(), &roles.app).await;
    (roles, proxy, store.unwrap())
}

/// A firewall on the way has silently forgotten all connections, an hour ago.
async fn forget_all(proxy: &Proxy, store: &PgStore) {
    // On a runtime of one thread, each of these lets every ready task go on. So a connection that just wrote comes to rest.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    proxy.silence();
    // The pool uses another clock.
    while let Some(connection) = store.pool().try_acquire() {
        drop(connection.detach());
    }
    pause();
    advance(Duration::from_secs(3_600)).await;
    resume();
}

#[tokio::test]
async fn where_no_connection_is_to_be_had_it_is_asked_for_once() {
    let (roles, proxy, store) = through_a_proxy().await;
    assert_stored(&store.append(append(&stream(), 1)).await);
    let none = format!("ALTER ROLE {} CONNECTION LIMIT 0", roles.app);
    roles.run(&none).await;
    proxy.cut().await;
    let before = proxy.accepted();
    let appends: Vec<_> = (0..64).map(|_| spawn(&store, &stream())).collect();
    let mut unknown = 0;
    for append in appends {
        match append.await.unwrap() {
            Err(StoreError::NoConnection { .. }) => {}
            // On the way when the connection was cut.
            Err(StoreError::UnknownOutcome { .. }) => unknown += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(unknown <= 1, "only what was sent is unknown");
    let asked = proxy.accepted() - before;
    assert!(asked < 10, "asked {asked} times for 64");
}

#[tokio::test]
async fn a_connection_that_was_idle_for_long_is_not_trusted() {
    let (_roles, proxy, store) = through_a_proxy().await;
    assert_stored(&store.append(append(&stream(), 1)).await);
    forget_all(&proxy, &store).await;
    let answer = timeout(SOON, store.append(append(&stream(), 1))).await;
    assert_stored(&answer.expect("it is written on a new one"));
}

#[tokio::test]
async fn a_reader_behind_a_gap_trusts_no_connection_that_was_idle_for_long() {
    let (roles, proxy, store) = through_a_proxy().await;
    let tenant = Some(TenantId::DEFAULT);
    let mut log = Subscription::new(Arc::new(store.clone()), tenant, LogFilter::all());
    let mut other = roles.connection("postgres").await;
    for _ in 0..2 {
        let gap = "SELECT nextval('intent.events_position_seq')";
        sqlx::raw_sql(gap).execute(&mut other).await.unwrap();
        assert_stored(&store.append(append(&stream(), 1)).await);
        let next = timeout(SOON, log.next()).await;
        next.expect("it is found out on a new one").unwrap();
        forget_all(&proxy, &store).await;
    }
}

#[tokio::test]
async fn one_that_is_listened_on_is_asked_whether_it_still_stands() {
    let (roles, proxy, store) = through_a_proxy().await;
    let mut wake_ups = store.wake_ups();
    wake_ups.changed().await.unwrap();
    let others = roles.open(&roles.app).await.unwrap();
    for _ in 0..2 {
        forget_all(&proxy, &store).await;
        // It listens again, in case something was missed before.
        timeout(SOON, wake_ups.changed()).await.unwrap().unwrap();
        assert_stored(&others.append(append(&stream(), 1)).await);
        timeout(SOON, wake_ups.changed()).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn where_one_is_lost_no_idle_one_is_trusted() {
    let roles = Roles::new().await;
    let (store, proxy) = patient(&roles).await;
    // Locks make the store open several lanes.
    let (mut transactions, mut waiting) = (Vec::new(), Vec::new());
    for lanes in 1..=3 {
        let (open, stream) = locked(&store).await;
        transactions.push(open);
        waiting.push(spawn(&store, &stream));
        roles.until_lock_waits(lanes).await;
    }
    for open in transactions {
        open.commit().await.unwrap();
    }
    for waiting in waiting {
        assert_stored(&waiting.await.unwrap());
    }
    proxy.cut().await;
    let lost = store.append(append(&stream(), 1)).await;
    let unknown = matches!(lost, Err(StoreError::UnknownOutcome { .. }));
    assert!(unknown, "{lost:?}");
    assert_stored(&store.append(append(&stream(), 1)).await);
}

#[tokio::test]
async fn appends_that_are_begun_and_not_polled_delay_no_others() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let mut begun = Vec::new();
    for _ in 0..6 {
        let mut unpolled = store.append(append(&stream(), 1));
        begin(&mut unpolled).await;
        begun.push(unpolled);
        let other = timeout(SOON, store.append(append(&stream(), 1))).await;
        assert_stored(&other.expect("it is written beside those"));
    }
    timeout(SOON, store.close()).await.unwrap().unwrap();
    // A caller that polls late still gets the answer.
    assert_stored(&begun.swap_remove(0).await);
}

/// A caller keeps an append without polling it. Neither its stream nor closing the store waits for that caller.
#[tokio::test]
async fn an_append_that_is_begun_and_not_polled_does_not_hold_its_stream() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    for _ in 0..3 {
        let stream = stream();
        let mut unpolled = store.append(append(&stream, 1));
        begin(&mut unpolled).await;
        for _ in 0..2 {
            let behind = timeout(SOON, store.append(append(&stream, 1))).await;
            assert_stored(&behind.expect("it is written behind the other one"));
        }
        assert_stored(&unpolled.await);
    }
}

#[tokio::test]
async fn connections_are_opened_as_the_pool_opens_them_now() {
    let (roles, proxy, store) = through_a_proxy().await;
    assert_stored(&store.append(append(&stream(), 1)).await);
    roles
        .run(&format!("ALTER ROLE {} NOLOGIN", roles.app))
        .await;
    let other = roles.url_through(proxy.server(), &roles.owner);
    let other: PgConnectOptions = other.parse().unwrap();
    store.pool().set_connect_options(other);
    proxy.cut().await;
    store.append(append(&stream(), 1)).await.unwrap_err();
    assert_stored(&store.append(append(&stream(), 1)).await);
}

#[tokio::test]
async fn readers_are_woken_after_an_append_that_was_cancelled() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let mut wake_ups = store.wake_ups();
    // Once others are listened to, in case something was missed before.
    wake_ups.changed().await.unwrap();
    assert_stored(&store.append(append(&stream(), 1)).await);
    // By the signal within the process, and by the notification to all processes.
    for _ in 0..2 {
        wake_ups.changed().await.unwrap();
    }
    let (open, stream) = locked(&store).await;
    let mut cancelled = store.append(append(&stream, 1));
    begin(&mut cancelled).await;
    roles.until_lock_waits(1).await;
    drop(cancelled);
    open.rollback().await.unwrap();
    timeout(SOON, wake_ups.changed()).await.unwrap().unwrap();
}

#[tokio::test]
async fn nothing_is_begun_after_the_end() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    store.close().await.unwrap();
    let tasks = tokio::runtime::Handle::current().metrics();
    let before = tasks.num_alive_tasks();
    store.wake_readers();
    drop(store.wake_ups());
    assert_eq!(tasks.num_alive_tasks(), before);
}

#[tokio::test]
async fn a_start_waits_for_another_that_migrates() {
    let roles = Roles::empty().await;
    let mut other = roles.connection("postgres").await;
    let migrates = "BEGIN; SELECT pg_advisory_xact_lock(x'696e74656e74'::bigint)";
    sqlx::raw_sql(migrates).execute(&mut other).await.unwrap();
    let url = roles.database().url_as(&roles.owner);
    let starting = tokio::spawn(async move { PgStore::connect(&url).await });
    roles.until_lock_waits(1).await;
    // Longer than an append waits for a lock.
    let goes_on = "SELECT pg_sleep(0.8); COMMIT";
    sqlx::raw_sql(goes_on).execute(&mut other).await.unwrap();
    starting.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_start_gives_up_a_server_that_falls_silent() {
    let roles = Roles::new().await;
    let mut other = roles.connection("postgres").await;
    let hold = "BEGIN; LOCK TABLE intent.migrations IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(hold).execute(&mut other).await.unwrap();
    let url = roles.database().url_as(&roles.app);
    let starting = tokio::spawn(async move { PgStore::connect(&url).await });
    roles.until_lock_waits(1).await;
    // The clock jumps to the end of each wait.
    pause();
    let started = timeout(Duration::from_secs(3_600), starting).await;
    resume();
    let error = started.expect("it gives up").unwrap().unwrap_err();
    let silent = format!("{error:?}").contains("did not answer within 30 seconds");
    assert!(silent, "{error:?}");
}
