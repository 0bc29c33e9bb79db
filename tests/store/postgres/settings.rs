//! Settings that change what our statements mean: made by the pool's hooks, the role, or in a transaction of the user's.

use std::sync::Arc;

use intent_runtime::{
    LogFilter, PgStore, StoreError, Subscription, TenantId, Timestamp,
    store::{Appended, Log, LogSelection, NextPage, ReadLog, Streams},
};
use intent_tests::postgres::TempDatabase;
use sqlx::{Executor, PgTransaction, postgres::PgPoolOptions, query_scalar};
use tokio::time::timeout;

use super::{roles::Roles, waiting::SOON};
use crate::store::appending::{append, append_payload, stream};

/// Roles, and an application's store on a pool whose connections are each set to something.
async fn set_to(statement: &'static str) -> (Roles, PgStore) {
    let roles = Roles::new().await;
    let pool = PgPoolOptions::new().after_connect(move |connection, _| {
        Box::pin(async move { connection.execute(statement).await.map(drop) })
    });
    let pool = pool.connect_lazy(&roles.database().url_as(&roles.app));
    let store = PgStore::new(pool.unwrap()).await.unwrap();
    (roles, store)
}

async fn show(transaction: &mut PgTransaction<'_>, statement: &'static str) -> String {
    let shown = query_scalar(statement).fetch_one(&mut **transaction);
    shown.await.unwrap()
}

#[tokio::test]
async fn text_is_stored_as_it_is_whatever_encoding_is_set() {
    let (roles, store) = set_to("SET client_encoding = 'LATIN1'").await;
    let payload = "\"Käthe € 日本\"";
    let plain = append_payload(&stream(), payload);
    let joined = append_payload(&stream(), payload);
    let commands = [plain.command_id, joined.command_id];
    store.append(plain).await.unwrap();
    let mut transaction = store.pool().begin().await.unwrap();
    store.append_in(&mut transaction, joined).await.unwrap();
    let set = show(&mut transaction, "SHOW client_encoding").await;
    assert_eq!(set, "LATIN1", "the user's setting is as it was");
    transaction.commit().await.unwrap();
    let other = roles.open(&roles.app).await.unwrap();
    for command in commands {
        let found = other.events_of_command(TenantId::DEFAULT, command).await;
        assert_eq!(found.unwrap()[0].payload, payload);
    }
}

#[tokio::test]
async fn names_are_the_servers_own_whatever_stands_before_them() {
    let roles = Roles::new().await;
    let reader = &roles.app;
    let shadow = "CREATE SCHEMA shadow; GRANT USAGE ON SCHEMA shadow TO public;
        CREATE FUNCTION shadow.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT timestamptz ''2000-01-01''';
        CREATE FUNCTION shadow.statement_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT timestamptz ''2000-01-01''';
        CREATE FUNCTION shadow.never(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
        CREATE OPERATOR shadow.= (LEFTARG = text, RIGHTARG = text, FUNCTION = shadow.never);
        CREATE VIEW shadow.pg_locks AS SELECT * FROM pg_catalog.pg_locks WHERE false;
        GRANT SELECT ON shadow.pg_locks TO public";
    roles.run(shadow).await;
    let set = format!(
        "ALTER ROLE {reader} SET search_path = shadow, pg_catalog; SELECT intent.grant_reader('{reader}')"
    );
    roles.run(&set).await;
    let store = roles.open(reader).await.unwrap();
    let year_2000: Timestamp = "2000-12-31T00:00:00Z".parse().unwrap();
    let assert_now = |appended: Appended| match appended {
        Appended::Stored { recorded_at, .. } => assert!(recorded_at > year_2000, "{recorded_at}"),
        before @ Appended::Before(_) => panic!("{before:?}"),
    };
    let held = stream();
    assert_now(store.append(append(&held, 1)).await.unwrap());
    // Its position is a gap while the transaction is open, and the locks show the transaction.
    let mut transaction = store.pool().begin().await.unwrap();
    let joined = store.append_in(&mut transaction, append(&held, 1)).await;
    assert_now(joined.unwrap());
    let set = show(&mut transaction, "SHOW search_path").await;
    assert_eq!(set, "shadow, pg_catalog", "the user's setting is as it was");
    assert_now(store.append(append(&stream(), 1)).await.unwrap());
    let mut log = Subscription::new(Arc::new(store.clone()), None, LogFilter::all());
    assert_eq!(log.next().await.unwrap().version.get(), 1);
    let all = LogSelection::all();
    let behind = ReadLog::new(log.cursor(), None, &all, 10);
    for _ in 0..3 {
        let mut sink = |event| panic!("it passes an event that is to come: {event:?}");
        let page = store.read_log(behind, &mut sink).await.unwrap();
        assert_eq!(page.next, NextPage::HeldUp);
    }
    transaction.commit().await.unwrap();
    for version in [2, 1] {
        let event = timeout(SOON, log.next()).await.unwrap().unwrap();
        assert_eq!(event.version.get(), version);
    }
}

#[tokio::test]
async fn a_transaction_of_another_database_is_refused() {
    let (own, other) = (Roles::new().await, Roles::new().await);
    let store = own.open(&own.app).await.unwrap();
    let elsewhere = other.open(&other.app).await.unwrap();
    let mut transaction = elsewhere.pool().begin().await.unwrap();
    for _ in 0..2 {
        let joined = store.append_in(&mut transaction, append(&stream(), 1));
        match joined.await.unwrap_err() {
            StoreError::OtherDatabase { place } => assert!(place.contains(own.database().name())),
            error => panic!("{error:?}"),
        }
    }
    // The transaction goes on as it was.
    let stream = stream();
    let joined = elsewhere.append_in(&mut transaction, append(&stream, 1));
    joined.await.unwrap();
    transaction.commit().await.unwrap();
    let mut admin = other.connection("postgres").await;
    let count = query_scalar("SELECT count(*) FROM intent.events");
    let count: i64 = count.fetch_one(&mut admin).await.unwrap();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn a_transaction_of_a_database_without_a_store_is_refused_too() {
    let (own, bare) = (Roles::new().await, TempDatabase::new().await);
    let store = own.open(&own.app).await.unwrap();
    let pool = PgPoolOptions::new().connect(&bare.url()).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    let joined = store.append_in(&mut transaction, append(&stream(), 1));
    let error = joined.await.unwrap_err();
    assert!(
        matches!(error, StoreError::OtherDatabase { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_transaction_that_took_too_long_says_so() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let mut transaction = store.pool().begin().await.unwrap();
    let process = query_scalar("SELECT pg_backend_pid()");
    let process: i32 = process.fetch_one(&mut *transaction).await.unwrap();
    let limit = "SET LOCAL idle_in_transaction_session_timeout = '1ms'";
    transaction.execute(limit).await.unwrap();
    let mut admin = roles.connection("postgres").await;
    let there = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)";
    while query_scalar(there)
        .bind(process)
        .fetch_one(&mut admin)
        .await
        .unwrap()
    {
        tokio::task::yield_now().await;
    }
    let joined = store.append_in(&mut transaction, append(&stream(), 1));
    let error = joined.await.unwrap_err();
    assert!(matches!(error, StoreError::TimedOut { .. }), "{error:?}");
}
