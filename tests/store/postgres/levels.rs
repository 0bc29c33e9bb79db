//! The store under every level of isolation that a database may have as its default.

use intent_runtime::{
    PgStore, StoreError, Timestamp, Version,
    store::AsOfTime,
    store::{Import, Log, Snapshots, Streams},
};
use intent_tests::postgres::TempDatabase;
use tokio::task::JoinSet;

use super::roles::Roles;
use crate::{
    store::appending::{append, stream},
    transfer::fixture::log,
};

/// Levels as `default_transaction_isolation` has them.
pub const LEVELS: [&str; 3] = ["read committed", "repeatable read", "serializable"];

/// Makes a level the default of a database, for connections that are opened from now on.
pub async fn set_level(database: &TempDatabase, level: &str) {
    set(database, "default_transaction_isolation", level).await;
    set(database, "default_transaction_deferrable", "on").await;
}

async fn set(database: &TempDatabase, setting: &str, value: &str) {
    let mut admin = database.connect().await.unwrap();
    let name = database.name();
    let set = format!("ALTER DATABASE {name} SET {setting} = '{value}'");
    let set = sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(&mut admin);
    set.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_that_start_at_once_all_open() {
    for level in LEVELS {
        for _ in 0..5 {
            let roles = Roles::empty().await;
            set_level(roles.database(), level).await;
            let mut starting = JoinSet::new();
            for _ in 0..6 {
                let url = roles.database().url_as(&roles.owner);
                starting.spawn(async move { PgStore::connect(&url).await });
            }
            while let Some(started) = starting.join_next().await {
                let started = started.unwrap();
                assert!(started.is_ok(), "{level}: {started:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_all_stored_and_read() {
    for level in LEVELS {
        let roles = Roles::new().await;
        set_level(roles.database(), level).await;
        let store = roles.open(&roles.app).await.unwrap();
        let shared = stream();
        let mut working = JoinSet::new();
        for _ in 0..16 {
            let (store, shared) = (store.clone(), shared.clone());
            working.spawn(async move {
                for stream in [shared.clone(), stream(), shared] {
                    store.append(append(&stream, 2)).await?;
                    let now = AsOfTime::Recorded(Timestamp::MAX);
                    store.version_as_of(&stream, now).await?;
                    store.delete_snapshots(stream.tenant_id, None).await?;
                }
                Ok::<_, StoreError>(())
            });
        }
        while let Some(worked) = working.join_next().await {
            worked
                .unwrap()
                .unwrap_or_else(|error| panic!("{level}: {error:?}"));
        }
        let now = AsOfTime::Recorded(Timestamp::MAX);
        let version = store.version_as_of(&shared, now).await.unwrap();
        assert_eq!(version, Version::new(64), "{level}");
    }
}

#[tokio::test]
async fn an_import_meets_others_under_every_level() {
    for level in LEVELS {
        let roles = Roles::new().await;
        let source = roles.open(&roles.owner).await.unwrap();
        for _ in 0..20 {
            source.append(append(&stream(), 5)).await.unwrap();
        }
        let events = log(&source).await;
        let target = Roles::empty().await;
        set_level(target.database(), level).await;
        let store = target.open(&target.owner).await.unwrap();
        let imports = (0..4).map(|_| store.import(events.clone()));
        for imported in futures_util::future::join_all(imports).await {
            let imported = imported.unwrap_or_else(|error| panic!("{level}: {error:?}"));
            assert_eq!(imported.stored + imported.known, events.len(), "{level}");
        }
        assert_eq!(log(&store).await.len(), events.len(), "{level}");
    }
}

#[tokio::test]
async fn a_database_that_is_read_only_by_default_is_read_and_says_so_to_writers() {
    let roles = Roles::new().await;
    let before = roles.open(&roles.app).await.unwrap();
    let stream = stream();
    before.append(append(&stream, 1)).await.unwrap();
    set_level(roles.database(), "serializable").await;
    set(roles.database(), "default_transaction_read_only", "on").await;
    let store = roles.open(&roles.app).await.unwrap();
    let now = AsOfTime::Recorded(Timestamp::MAX);
    let version = store.version_as_of(&stream, now).await.unwrap();
    assert_eq!(version, Version::FIRST);
    let written = store.append(append(&stream, 1)).await;
    let deleted = store.delete_snapshots(stream.tenant_id, None).await;
    for error in [written.unwrap_err(), deleted.unwrap_err()] {
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    }
}
