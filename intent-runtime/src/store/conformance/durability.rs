//! S3, for stores that outlive their process: what was acknowledged is there when the store is opened again.

use crate::{
    record::{event::RecordedEvent, id::CommandId, version::Version},
    store::{
        append::{Appended, Expect},
        conformance::{
            Subject,
            fixture::{
                append, append_as, events, fill, load_range, new_stream, snapshot, stored,
                with_snapshot,
            },
        },
        error::StoreError,
    },
};

/// S3: a store that is closed and opened again has every event, command and snapshot, and goes on from there.
///
/// `open` opens the same store each time.
pub async fn a_restart_finds_everything(open: impl AsyncFn() -> Subject) {
    let (stream, command) = (new_stream(), CommandId::new());
    let store = open().await;
    fill(&store, &stream, 2_500).await;
    let mut last = append_as(
        command,
        &stream,
        Expect::Version(Version::new(2_500)),
        &["1"],
    );
    last.snapshot = Some(snapshot(2_501, "{}"));
    stored(&store, last.clone()).await;
    let before: Vec<RecordedEvent> = events(&store, &stream).await;
    store.close().await.unwrap();
    drop(store);

    let store = open().await;
    assert_eq!(
        events(&store, &stream).await,
        before,
        "every event is as it was"
    );
    let loaded = load_range(&store, with_snapshot(&stream)).await;
    assert_eq!(loaded.snapshots.len(), 1, "the snapshot is there");
    let again = store.append(last).await.unwrap();
    assert_eq!(
        again,
        Appended::Before(before[2_500..].to_vec()),
        "the command is remembered"
    );
    let conflict = store
        .append(append(&stream, Expect::NoStream, &["1"]))
        .await;
    assert!(
        matches!(conflict, Err(StoreError::Conflict { .. })),
        "the version too: {conflict:?}"
    );
    let version = stored(&store, append(&stream, Expect::Exists, &["1"])).await;
    assert_eq!(version.get(), 2_502, "it goes on from there");
    let positions: Vec<_> = events(&store, &stream)
        .await
        .iter()
        .map(|e| e.position)
        .collect();
    assert!(
        positions.is_sorted_by(|a, b| a < b),
        "positions grow over the restart"
    );
    store.close().await.unwrap();
}
