//! Damage by the medium: read-only files, full disks, rows that somebody changed without the store.

use intent_runtime::{
    SqliteStore, StoreError, Timestamp,
    store::AsOfTime,
    store::{Log, ReadStream, Store, Streams},
};

use super::directory::{Directory, versions};
use crate::store::appending::{append, append_payload, stream};

#[tokio::test]
async fn a_read_only_file_can_be_read() {
    let (directory, stream) = (Directory::new(), stream());
    let store = directory.open().await;
    store.append(append(&stream, 3)).await.unwrap();
    store.close().await.unwrap();
    let store = directory.try_open("?mode=ro").await.unwrap();
    assert_eq!(
        versions(&store, &stream).await.unwrap(),
        [1, 2, 3],
        "it can be read"
    );
    for _ in 0..2 {
        let error = store.append(append(&stream, 1)).await.unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    }
    store.close().await.unwrap();
    let empty = Directory::new();
    empty.execute("CREATE TABLE mine (a)").await;
    let error = empty.try_open("?mode=ro").await.unwrap_err();
    assert!(
        matches!(error, StoreError::ReadOnly { .. }),
        "no tables can be made: {error:?}"
    );
}

#[tokio::test]
async fn a_full_disk_fails_the_append_and_nothing_else() {
    let (directory, stream) = (Directory::new(), stream());
    directory.open().await.close().await.unwrap();
    let options = directory.options().pragma("max_page_count", "60");
    let store = SqliteStore::open(options).await.unwrap();
    store.append(append(&stream, 1)).await.unwrap();
    let large = format!("\"{}\"", "x".repeat(1024 * 1024));
    for _ in 0..3 {
        let error = store
            .append(append_payload(&stream, &large))
            .await
            .unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
        assert!(
            error.to_string().contains("store.db"),
            "the file is named: {error}"
        );
    }
    store.append(append(&stream, 1)).await.unwrap();
    assert_eq!(
        versions(&store, &stream).await.unwrap(),
        [1, 2],
        "the store goes on"
    );
}

/// SQLite has ended the transaction then, so its part cannot be rolled back. That is not what went wrong.
#[tokio::test]
async fn the_error_of_a_transaction_that_the_file_ends_says_why() {
    let (directory, stream) = (Directory::new(), stream());
    let store = directory.open().await;
    directory
        .execute(
            r#"CREATE TRIGGER mine BEFORE INSERT ON intent_events WHEN new.payload = '"poison"'
               BEGIN SELECT raise(ROLLBACK, 'not in my file'); END"#,
        )
        .await;
    let begun = store.transact().unwrap().begin().await.unwrap();
    begun.append(append(&stream, 1)).await.unwrap();
    let error = begun.append(append_payload(&stream, r#""poison""#)).await;
    let error = format!("{:?}", error.unwrap_err());
    assert!(error.contains("not in my file"), "{error}");
    let error = begun.append(append(&stream, 1)).await.unwrap_err();
    assert!(matches!(error, StoreError::NotInTransaction), "{error:?}");
    drop(begun);
    store.append(append(&stream, 1)).await.unwrap();
    assert_eq!(versions(&store, &stream).await.unwrap(), [1]);
}

/// A batch is one transaction, so what the file refuses of one append is tried apart from the others.
#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_the_file_refuses_fails_alone() {
    let directory = Directory::new();
    let store = directory.open().await;
    directory
        .execute(
            r#"CREATE TRIGGER mine BEFORE INSERT ON intent_events WHEN new.payload = '"poison"'
               BEGIN SELECT raise(ABORT, 'not in my file'); END"#,
        )
        .await;
    for _ in 0..10 {
        let mut appends = tokio::task::JoinSet::new();
        for number in 0..20 {
            let (store, stream) = (store.clone(), stream());
            appends.spawn(async move {
                let payload = if number == 7 { "\"poison\"" } else { "1" };
                let outcome = store.append(append_payload(&stream, payload)).await;
                let stored = versions(&store, &stream).await.unwrap().len();
                (
                    payload,
                    outcome.map(|_| stored).map_err(|error| (error, stored)),
                )
            });
        }
        for (payload, outcome) in appends.join_all().await {
            match outcome {
                Ok(stored) => assert_eq!((payload, stored), ("1", 1)),
                Err((error, stored)) => {
                    assert_eq!((payload, stored), ("\"poison\"", 0), "{error:?}");
                    let source = std::error::Error::source(&error).unwrap().to_string();
                    assert!(source.contains("not in my file"), "{source}");
                }
            }
        }
    }
}

#[tokio::test]
async fn damaged_rows_are_named() {
    for (damage, reads_state) in [
        (
            "UPDATE intent_events SET version = 9 WHERE version = 3",
            false,
        ),
        ("DELETE FROM intent_events WHERE version = 1", false),
        ("DELETE FROM intent_events WHERE version = 2", false),
        (
            "UPDATE intent_events SET schema_version = -1 WHERE version = 2",
            false,
        ),
        (
            "UPDATE intent_events SET payload = char(30) WHERE version = 2",
            false,
        ),
        (
            "UPDATE intent_events SET event_type = CAST(x'ff' AS TEXT) WHERE version = 2",
            false,
        ),
        (
            "UPDATE intent_events SET event_id = x'00' WHERE version = 2",
            true,
        ),
        (
            "UPDATE intent_events SET recorded_at = 9223372036854775807 WHERE version = 2",
            true,
        ),
    ] {
        let (directory, stream) = (Directory::new(), stream());
        let store = directory.open().await;
        store.append(append(&stream, 3)).await.unwrap();
        damage_rows(&directory, damage).await;
        let state = versions(&store, &stream).await;
        assert_eq!(state.is_ok(), reads_state, "{damage}: {state:?}");
        let mut sink = |_| std::ops::ControlFlow::Continue(());
        let events = store.read_events(ReadStream::all(&stream), &mut sink).await;
        for error in state.err().into_iter().chain(events.err()) {
            match &error {
                StoreError::Corrupt { stream: named, .. } => assert_eq!(*named, stream),
                other => panic!("{damage}: {other:?}"),
            }
        }
        let time = AsOfTime::Occurred(Timestamp::now());
        match store.version_as_of(&stream, time).await {
            Ok(_) | Err(StoreError::Corrupt { .. }) => {}
            other => panic!("{damage}: {other:?}"),
        }
        // The answer does not matter, but it must not panic.
        let _ = store.append(append(&stream, 1)).await;
    }
}

/// A page of state is 5,000 events, so the 5,000th is where a stream could seem to end.
#[tokio::test]
async fn a_hole_at_the_end_of_a_page_is_not_the_end_of_the_stream() {
    for hole in [
        "DELETE FROM intent_events WHERE version = 5000",
        "DELETE FROM intent_events WHERE version > 4000 AND version < 6000",
    ] {
        let (directory, stream) = (Directory::new(), stream());
        let store = directory.open().await;
        store.append(append(&stream, 7_000)).await.unwrap();
        damage_rows(&directory, hole).await;
        let mut sink = |_| std::ops::ControlFlow::Continue(());
        let events = store.read_events(ReadStream::all(&stream), &mut sink).await;
        let state = versions(&store, &stream).await;
        for error in [state.unwrap_err(), events.unwrap_err()] {
            assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
            assert!(error.to_string().contains("missing"), "{error}");
        }
    }
}

#[tokio::test]
async fn events_are_neither_changed_nor_deleted_nor_replaced() {
    let (directory, stream) = (Directory::new(), stream());
    let store = directory.open().await;
    store.append(append(&stream, 3)).await.unwrap();
    for change in [
        "UPDATE intent_events SET payload = '{}'",
        "DELETE FROM intent_events WHERE version = 1",
        "INSERT OR REPLACE INTO intent_events SELECT * FROM intent_events WHERE version = 2",
        "REPLACE INTO intent_events SELECT position + 9, tenant_id, aggregate_id, version + 9, aggregate_type, \
         event_id, event_type, schema_version, recorded_at, occurred_at, '{}', metadata, correlation_id FROM intent_events WHERE version = 2",
        "REPLACE INTO intent_events SELECT position + 9, tenant_id, aggregate_id, version, aggregate_type, \
         zeroblob(16), event_type, schema_version, recorded_at, occurred_at, '{}', metadata, correlation_id FROM intent_events WHERE version = 2",
        "UPDATE OR REPLACE intent_events SET version = 1 WHERE version = 2",
        "INSERT INTO intent_events SELECT -1, tenant_id, zeroblob(16), 1, aggregate_type, zeroblob(16), event_type, \
         schema_version, recorded_at, occurred_at, payload, metadata, correlation_id FROM intent_events WHERE version = 2",
    ] {
        let mut connection = directory.connection().await;
        let outcome = sqlx::query(change).execute(&mut connection).await;
        let refused = outcome.unwrap_err().to_string();
        let guarded = refused.contains("append-only") || refused.contains("position > 0");
        assert!(guarded, "{change}: {refused}");
    }
    store.append(append(&self::stream(), 1)).await.unwrap();
    assert_eq!(versions(&store, &stream).await.unwrap(), [1, 2, 3]);
}

/// Does what the triggers prevent, as a broken medium or a stubborn person would.
pub async fn damage_rows(directory: &Directory, damage: &'static str) {
    let drop = "DROP TRIGGER intent_events_never_change; DROP TRIGGER intent_events_never_vanish;
                DROP TRIGGER intent_events_never_replaced";
    directory.execute(drop).await;
    directory.execute(damage).await;
}
