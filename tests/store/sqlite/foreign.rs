//! Whose file it is: what is not ours is refused by name and left as it was; a user's own tables are welcome.

use intent_runtime::{
    SqliteStore, StoreError,
    store::{Store, Streams},
};
use sqlx::Connection;

use super::directory::{Directory, versions};
use crate::store::appending::{append, stream};

/// Runs statements on the file, then checks that opening it fails and leaves every byte of it.
async fn refused(statements: &'static str) -> StoreError {
    let directory = Directory::new();
    directory.execute(statements).await;
    refused_as_it_is(&directory).await
}

async fn refused_as_it_is(directory: &Directory) -> StoreError {
    let before = std::fs::read(directory.file()).unwrap();
    let error = directory
        .try_open("")
        .await
        .expect_err("this file is not ours");
    let after = std::fs::read(directory.file()).unwrap();
    assert!(before == after, "a refused file is left as it was: {error}");
    error
}

#[tokio::test]
async fn what_is_not_a_database_is_refused() {
    let directory = Directory::new();
    for content in ["just some notes\n".repeat(500), "x".to_owned()] {
        std::fs::write(directory.file(), content).unwrap();
        let error = refused_as_it_is(&directory).await;
        assert!(
            matches!(error, StoreError::NotADatabase { .. }),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn tables_with_our_names_are_refused() {
    for (statements, name) in [
        ("CREATE TABLE intent_events (a)", "intent_events"),
        ("CREATE TABLE Intent_Snapshots (a)", "intent_snapshots"),
        ("CREATE VIEW intent_events AS SELECT 1", "intent_events"),
        ("CREATE TABLE intent_migrations (a)", "intent_migrations"),
        (
            "CREATE TABLE intent_migrations (version, compatible_from); CREATE TABLE intent_events (a)",
            "intent_events",
        ),
        (
            "CREATE TABLE intent_migrations (version, checksum, success);
             INSERT INTO intent_migrations VALUES (1, x'00', TRUE)",
            "intent_migrations",
        ),
        (
            "PRAGMA journal_mode = wal; CREATE TABLE intent_events (a)",
            "intent_events",
        ),
    ] {
        match refused(statements).await {
            StoreError::ForeignTable { table, .. } => assert_eq!(table, name, "{statements}"),
            other => panic!("{statements}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let directory = Directory::new();
    directory.open().await.close().await.unwrap();
    let newer = "INSERT INTO intent_migrations (version, description, compatible_from) VALUES (99, 'from the future', 99)";
    directory.execute(newer).await;
    let error = refused_as_it_is(&directory).await;
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
async fn a_users_own_tables_stay_as_they_are() {
    let directory = Directory::new();
    directory
        .execute(
            "PRAGMA user_version = 42;
             PRAGMA application_id = 7;
             CREATE TABLE _sqlx_migrations (version);
             INSERT INTO _sqlx_migrations VALUES (20200101);
             CREATE TABLE customer (name);
             INSERT INTO customer VALUES ('Ada')",
        )
        .await;
    let store = directory.open().await;
    let stream = stream();
    store.append(append(&stream, 1)).await.unwrap();
    sqlx::query("INSERT INTO customer VALUES ('Grace')")
        .execute(store.pool())
        .await
        .unwrap();
    store.append(append(&stream, 1)).await.unwrap();
    store.close().await.unwrap();
    let mut connection = directory.connection().await;
    for (question, answer) in [
        ("SELECT user_version FROM pragma_user_version", 42),
        ("SELECT application_id FROM pragma_application_id", 7),
        ("SELECT sum(version) FROM _sqlx_migrations", 20_200_101),
        ("SELECT count(*) FROM customer", 2),
        ("SELECT count(*) FROM intent_events", 2),
    ] {
        let found: i64 = sqlx::query_scalar(question)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(found, answer, "{question}");
    }
    connection.close().await.unwrap();
}

#[tokio::test]
async fn events_cannot_be_changed_or_deleted() {
    let directory = Directory::new();
    let (store, stream) = (directory.open().await, stream());
    store.append(append(&stream, 3)).await.unwrap();
    for change in [
        "UPDATE intent_events SET payload = '0'",
        "DELETE FROM intent_events",
    ] {
        let refused = sqlx::query(change).execute(store.pool()).await;
        assert!(refused.is_err(), "{change} must be refused");
    }
    assert_eq!(
        versions(&store, &stream).await.unwrap(),
        [1, 2, 3],
        "all are there"
    );
}

#[tokio::test]
async fn a_database_in_memory_is_refused_with_a_hint() {
    for url in [
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite:x?mode=memory",
        "sqlite:",
    ] {
        match SqliteStore::connect(url).await {
            Err(StoreError::UnknownUrl { hint, .. }) => {
                assert!(hint.contains("memory:"), "{url}: {hint}");
            }
            other => panic!("{url}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_url_that_cannot_be_read_is_an_error_that_says_why() {
    for (url, said) in [
        ("sqlite:shop.db?mod=rw", "`mod`"),
        ("sqlite:shop.db?mode=rwx", "\"rwx\" for `mode`"),
        ("sqlite:shop.db?journal_mode=off", "`journal_mode`"),
        ("sqlite:%FF.db", "utf-8"),
        ("sqllite:shop.db", "write `sqlite:FILE`"),
        ("postgres://ada:secret@host/shop", "write `sqlite:FILE`"),
    ] {
        match SqliteStore::connect(url).await {
            Err(StoreError::UnknownUrl { url, hint }) => {
                assert!(hint.contains(said), "{hint}");
                assert!(!url.contains("secret"), "{url}");
            }
            other => panic!("{url}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_missing_file_is_made_unless_the_url_says_otherwise() {
    let directory = Directory::new();
    for parameters in ["?mode=rw", "?mode=ro"] {
        let error = directory.try_open(parameters).await.unwrap_err();
        assert!(
            matches!(error, StoreError::Unavailable { .. }),
            "{parameters}: {error:?}"
        );
        assert!(!directory.file().exists(), "{parameters} makes no file");
    }
    let error = directory.try_open("?mode=sideways").await.unwrap_err();
    assert!(matches!(error, StoreError::UnknownUrl { .. }), "{error:?}");
    std::fs::write(directory.file(), "").unwrap();
    directory
        .try_open("?mode=rw")
        .await
        .unwrap()
        .close()
        .await
        .unwrap();
    std::fs::remove_file(directory.file()).unwrap();
    directory.open().await.close().await.unwrap();
    let path = directory.file().join("below");
    let error = SqliteStore::connect(&path.display().to_string())
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
}
