//! Bad input and bad environments: each is a typed error that says what to do, and nothing is half done.

use std::{error::Error, time::Duration};

use intent_runtime::{
    PgStore, StoreError, Timestamp, Version,
    store::AsOfTime,
    store::{Append, Log, Store, StreamId, Streams},
};
use intent_tests::postgres::{Cluster, Options, TempDatabase};
use sqlx::{Connection, Executor, postgres::PgPoolOptions};

use super::roles::Roles;
use crate::store::appending::{append, append_payload, stream};

#[tokio::test]
async fn tables_that_a_role_may_not_make_are_asked_for() {
    let roles = Roles::empty().await;
    let error = roles.open(&roles.app).await.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::NotMigrated {
                found: 0,
                known: 1,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("as a role that may create"),
        "{error}"
    );
    roles.open(&roles.owner).await.unwrap();
    let error = roles.open(&roles.app).await.unwrap_err();
    assert!(matches!(error, StoreError::Incomplete { .. }), "{error:?}");
    assert!(error.to_string().contains("intent.grant_app"), "{error}");
    roles
        .run(&format!("SELECT intent.grant_app('{}')", roles.app))
        .await;
    let store = roles.open(&roles.app).await.unwrap();
    store.append(append(&stream(), 1)).await.unwrap();
}

#[tokio::test]
async fn tables_of_others_and_of_newer_builds_are_left_alone() {
    for foreign in [
        "CREATE SCHEMA intent; CREATE TABLE intent.events (mine int)",
        "CREATE SCHEMA intent; CREATE TABLE intent.migrations (mine int)",
        "CREATE SCHEMA intent; CREATE TABLE intent.snapshots (mine int)",
    ] {
        let roles = Roles::empty().await;
        roles.run(foreign).await;
        let error = roles.open("postgres").await.unwrap_err();
        assert!(
            matches!(error, StoreError::ForeignTable { .. }),
            "{foreign}: {error:?}"
        );
    }
    let roles = Roles::new().await;
    let newer = "INSERT INTO intent.migrations (version, description, compatible_from) VALUES (99, 'from the future', 99)";
    roles.run(newer).await;
    let error = roles.open(&roles.app).await.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::NewerSchema {
                found: 99,
                known: 1,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_schema_of_ours_may_stand_beside_others() {
    let roles = Roles::empty().await;
    let beside =
        "CREATE TABLE events (mine int); CREATE SCHEMA shop; CREATE TABLE shop.events (mine int)";
    roles.run(beside).await;
    let store = roles.open(&roles.owner).await.unwrap();
    store.append(append(&stream(), 1)).await.unwrap();
}

#[tokio::test]
async fn an_encoding_that_loses_text_is_refused() {
    let database = TempDatabase::new().await;
    let name = format!("{}_latin", database.name());
    let mut connection = database.connect().await.unwrap();
    let create = format!("CREATE DATABASE {name} ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'");
    connection
        .execute(sqlx::AssertSqlSafe(create))
        .await
        .unwrap();
    let url = database.server().url(&name);
    let error = PgStore::connect(&url).await.unwrap_err();
    database.server().drop_database(&name).await.unwrap();
    assert!(matches!(error, StoreError::Unsupported { .. }), "{error:?}");
    assert!(error.to_string().contains("ENCODING 'UTF8'"), "{error}");
}

#[tokio::test]
async fn a_read_only_database_can_be_read() {
    let roles = Roles::new().await;
    let stream = stream();
    let store = roles.open(&roles.app).await.unwrap();
    store.append(append(&stream, 2)).await.unwrap();
    store.close().await.unwrap();
    let read_only = format!(
        "ALTER ROLE {} SET default_transaction_read_only = on",
        roles.app
    );
    roles.run(&read_only).await;
    let store = roles.open(&roles.app).await.unwrap();
    let error = store.append(append(&stream, 1)).await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    assert_eq!(version(&store, &stream).await.unwrap().get(), 2);
}

#[tokio::test]
async fn a_statement_time_out_is_an_error_and_the_store_goes_on() {
    let roles = Roles::new().await;
    let short = format!("ALTER ROLE {} SET statement_timeout = '100ms'", roles.app);
    roles.run(&short).await;
    let store = roles.open(&roles.app).await.unwrap();
    let stream = stream();
    store.append(append(&stream, 1)).await.unwrap();
    let mut holder = roles.connection("postgres").await;
    let mut transaction = holder.begin().await.unwrap();
    let lock = "LOCK TABLE intent.events IN ACCESS EXCLUSIVE MODE";
    transaction.execute(lock).await.unwrap();
    let error = store.append(append(&stream, 1)).await.unwrap_err();
    assert!(matches!(error, StoreError::TimedOut { .. }), "{error:?}");
    let error = version(&store, &stream).await.unwrap_err();
    assert!(matches!(error, StoreError::TimedOut { .. }), "{error:?}");
    assert!(
        error.to_string().contains("raise `statement_timeout`"),
        "{error}"
    );
    transaction.rollback().await.unwrap();
    store.append(append(&stream, 1)).await.unwrap();
    assert_eq!(version(&store, &stream).await.unwrap().get(), 2);
}

#[tokio::test]
async fn a_server_out_of_connections_is_an_error_and_the_store_recovers() {
    let options = Options::fast().set("max_connections", "6");
    let cluster = Cluster::start(options.set("superuser_reserved_connections", "0")).await;
    let url = cluster.superuser_url();
    PgStore::connect(&url).await.unwrap().close().await.unwrap();
    let mut taken = Vec::new();
    let full = loop {
        match sqlx::PgConnection::connect(&url).await {
            Ok(connection) => taken.push(connection),
            Err(error) => break error,
        }
    };
    assert!(full.to_string().contains("too many clients"), "{full}");
    let error = PgStore::connect(&url).await.unwrap_err();
    assert!(
        matches!(error, StoreError::NoConnection { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("max_connections"), "{error}");
    taken.clear();
    let store = loop {
        match PgStore::connect(&url).await {
            Ok(store) => break store,
            // The server takes a moment to notice that the other connections are closed.
            Err(StoreError::NoConnection { .. }) => tokio::task::yield_now().await,
            Err(other) => panic!("{other:?}"),
        }
    };
    store.append(append(&stream(), 1)).await.unwrap();
}

/// The version that a stream is at.
pub async fn version(store: &PgStore, stream: &StreamId) -> Result<Version, StoreError> {
    let now = AsOfTime::Recorded(Timestamp::MAX);
    store.version_as_of(stream, now).await
}

#[tokio::test]
async fn a_server_that_fills_up_under_a_store_is_an_error_and_the_pool_recovers() {
    let options = Options::fast().set("max_connections", "6");
    let cluster = Cluster::start(options.set("superuser_reserved_connections", "0")).await;
    let url = cluster.superuser_url();
    let pool = PgPoolOptions::new().acquire_timeout(Duration::from_millis(200));
    let store = PgStore::new(pool.connect(&url).await.unwrap())
        .await
        .unwrap();
    let held = store.pool().acquire().await.unwrap();
    let mut taken = Vec::new();
    while let Ok(connection) = sqlx::PgConnection::connect(&url).await {
        taken.push(connection);
    }
    let stream = stream();
    let read = version(&store, &stream).await.unwrap_err();
    let written = store.append(append(&stream, 1)).await.unwrap_err();
    for error in [read, written] {
        assert!(
            matches!(error, StoreError::NoConnection { .. }),
            "{error:?}"
        );
        let source = error.source().unwrap().to_string();
        assert!(source.contains("too many clients"), "{source}");
    }
    // The server ends a session some time after its connection was dropped.
    let mut last = taken.pop().unwrap();
    let ended = i64::try_from(taken.len()).unwrap();
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
    let before: i64 = sqlx::query_scalar(sessions)
        .fetch_one(&mut last)
        .await
        .unwrap();
    taken.clear();
    drop(held);
    loop {
        let now: i64 = sqlx::query_scalar(sessions)
            .fetch_one(&mut last)
            .await
            .unwrap();
        if now <= before - ended {
            break;
        }
    }
    assert_eq!(version(&store, &stream).await.unwrap(), Version::NONE);
}

#[tokio::test]
async fn reads_fail_if_all_connections_are_busy_but_not_if_the_users_pool_is() {
    let roles = Roles::new().await;
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_millis(50));
    let url = roles.database().url_as(&roles.app);
    let store = PgStore::new(pool.connect(&url).await.unwrap())
        .await
        .unwrap();
    let stream = stream();
    // The store does not need the connections that the user has taken.
    let held = store.pool().begin().await.unwrap();
    assert_eq!(version(&store, &stream).await.unwrap(), Version::NONE);
    let mut locked = roles.connection("postgres").await;
    let lock = "BEGIN; LOCK TABLE intent.events";
    sqlx::raw_sql(lock).execute(&mut locked).await.unwrap();
    let reading = version(&store, &stream);
    let refused = async {
        roles.until_lock_waits(1).await;
        let error = version(&store, &stream).await.unwrap_err();
        sqlx::raw_sql("COMMIT").execute(&mut locked).await.unwrap();
        error
    };
    let (read, error) = tokio::join!(reading, refused);
    assert_eq!(read.unwrap(), Version::NONE);
    assert!(
        matches!(error, StoreError::NoConnection { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("or the pool"), "{error}");
    // Appends go by connections of their own.
    store.append(append(&stream, 1)).await.unwrap();
    assert_eq!(version(&store, &stream).await.unwrap(), Version::FIRST);
    held.rollback().await.unwrap();
}

#[tokio::test]
async fn a_schema_dropped_under_a_store_is_an_error_until_it_is_back() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let stream = stream();
    store.append(append(&stream, 1)).await.unwrap();
    roles.run("DROP SCHEMA intent CASCADE").await;
    let read = version(&store, &stream).await.unwrap_err();
    let written = store.append(append(&stream, 1)).await.unwrap_err();
    for error in [read, written] {
        assert!(
            matches!(error, StoreError::NotMigrated { found: 0, .. }),
            "{error:?}"
        );
        assert!(
            error.to_string().contains("as a role that may create"),
            "{error}"
        );
    }
    roles.open(&roles.owner).await.unwrap();
    roles
        .run(&format!("SELECT intent.grant_app('{}')", roles.app))
        .await;
    store.append(append(&stream, 1)).await.unwrap();
    assert_eq!(version(&store, &stream).await.unwrap(), Version::FIRST);
}

#[tokio::test]
async fn a_payload_over_the_limit_is_refused_before_anything_is_sent() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let stream = stream();
    let payload = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    let most = Append::MAX_PAYLOAD;
    let over = append_payload(&stream, &payload(most + 1));
    let error = store.append(over).await.unwrap_err();
    assert!(matches!(error, StoreError::Invalid { .. }), "{error:?}");
    let source = error.source().unwrap().to_string();
    assert_eq!(
        source,
        "Deposited has at least 16777217 bytes, the limit is 16777216: keep what is large elsewhere and store where it is"
    );
    let at_the_limit = append_payload(&stream, &payload(most));
    store.append(at_the_limit).await.unwrap();
    assert_eq!(version(&store, &stream).await.unwrap(), Version::FIRST);
}
