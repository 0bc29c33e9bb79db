//! Bad input and bad surroundings: each a typed error that says what to do, and nothing half done.

use std::error::Error;

use intent_runtime::{App, PgStore, Store, StoreError};
use intent_tests::postgres::{Cluster, Options, TempDatabase};
use sqlx::{Connection, Executor};

use super::roles::Roles;
use crate::store::appending::{append, stream};

#[tokio::test]
async fn a_place_that_cannot_be_reached_is_named_without_its_password() {
    let url = "postgres://ada:secret@127.0.0.1:1/shop";
    let error = PgStore::connect(url).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "`127.0.0.1:1/shop` cannot be opened or reached"
    );
    let wrong = App::connect("postgres://ada:secret@:x:/shop")
        .await
        .unwrap_err();
    assert!(matches!(wrong, StoreError::UnknownUrl { .. }), "{wrong:?}");
    for error in [error, wrong] {
        let told = format!("{error} {error:?} {:?}", error.source());
        assert!(!told.contains("secret"), "{told}");
    }
}

#[tokio::test]
async fn an_unknown_role_or_database_is_told() {
    let database = TempDatabase::new().await;
    let error = PgStore::connect(&database.url_as("nobody_of_this_name")).await;
    let error = error.unwrap_err();
    assert!(
        matches!(error, StoreError::Unauthenticated { .. }),
        "{error:?}"
    );
    let url = database.url().replace(database.name(), "no_such_database");
    let error = PgStore::connect(&url).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    let source = error.source().unwrap().to_string();
    assert!(source.contains("no_such_database"), "{source}");
}

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
    assert!(matches!(error, StoreError::Forbidden { .. }), "{error:?}");
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
    let newer = "INSERT INTO intent.migrations SELECT 99, description, installed_on, success, checksum, execution_time
                 FROM intent.migrations";
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
    let now = intent_runtime::AsOf::Recorded(intent_runtime::Timestamp::now());
    assert_eq!(store.version_as_of(&stream, now).await.unwrap().get(), 2);
}

#[tokio::test]
async fn a_statement_time_out_is_told_and_the_store_goes_on() {
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
    transaction.rollback().await.unwrap();
    store.append(append(&stream, 1)).await.unwrap();
}

#[tokio::test]
async fn a_server_out_of_connections_is_told_and_the_store_recovers() {
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
            // The server takes a moment to notice that the others have gone.
            Err(StoreError::NoConnection { .. }) => tokio::task::yield_now().await,
            Err(other) => panic!("{other:?}"),
        }
    };
    store.append(append(&stream(), 1)).await.unwrap();
}
