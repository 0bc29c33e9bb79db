//! What the medium does: read-only files, full disks, rows that somebody changed behind the store's back.

use intent_runtime::{AsOf, SqliteStore, Store, StoreError, Timestamp, store::ReadStream};

use super::directory::{Directory, append, append_payload, stream, versions};

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
            "UPDATE intent_events SET metadata = 'not JSON' WHERE version = 2",
            true,
        ),
        (
            "UPDATE intent_events SET recorded_at = 9223372036854775807 WHERE version = 2",
            true,
        ),
        (
            "UPDATE intent_events SET position = -5 WHERE version = 2",
            true,
        ),
    ] {
        let (directory, stream) = (Directory::new(), stream());
        let store = directory.open().await;
        store.append(append(&stream, 3)).await.unwrap();
        directory
            .execute(
                "DROP TRIGGER intent_events_never_change; DROP TRIGGER intent_events_never_vanish",
            )
            .await;
        directory.execute(damage).await;
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
        // Whatever it answers, it does not panic.
        let _ = store
            .version_as_of(&stream, AsOf::Occurred(Timestamp::now()))
            .await;
        let _ = store.append(append(&stream, 1)).await;
    }
}
