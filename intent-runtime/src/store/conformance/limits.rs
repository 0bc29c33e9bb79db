//! S13: bad input is a typed error before anything is written.

use crate::{
    record::{metadata::Metadata, version::Version},
    store::{
        append::{Append, Expect},
        conformance::{
            Subject,
            fixture::{
                append, encoded, load, load_range, new_stream, snapshot, stored, with_snapshot,
            },
        },
        error::StoreError,
        invalid::InvalidAppend,
    },
};

/// The limit that an append breaks; that it left nothing is checked.
async fn invalid(store: &Subject, append: Append) -> InvalidAppend {
    let named = append.stream.clone();
    let name_is_fine = !named.aggregate_type.is_empty();
    match store.append(append).await {
        Err(StoreError::Invalid { stream, source }) => {
            assert_eq!(stream, named, "the error names the stream");
            if name_is_fine {
                let loaded = load(store, &named).await;
                assert!(loaded.events.is_empty(), "nothing was written: {loaded:?}");
            }
            source
        }
        other => panic!("an append over a limit must be refused, not {other:?}"),
    }
}

/// S13: an append holds at least one event.
pub(super) async fn an_empty_append_is_refused(store: Subject) {
    let refused = invalid(&store, append(&new_stream(), Expect::Any, &[])).await;
    assert_eq!(refused, InvalidAppend::Empty);
}

/// S13: an append holds at most 10,000 events, and may hold as many.
pub(super) async fn too_many_events_are_refused(store: Subject) {
    let stream = new_stream();
    let refused = invalid(
        &store,
        append(&stream, Expect::Any, &vec!["1"; Append::MAX_EVENTS + 1]),
    )
    .await;
    assert!(
        matches!(refused, InvalidAppend::TooMany { .. }),
        "{refused:?}"
    );
    let version = stored(
        &store,
        append(&stream, Expect::Any, &vec!["1"; Append::MAX_EVENTS]),
    )
    .await;
    assert_eq!(version.get(), 10_000, "the most that may be");
}

/// S13: names are 1 to 255 bytes without control characters.
pub(super) async fn bad_names_are_refused(store: Subject) {
    let too_long = "ä".repeat(128);
    for name in ["", "a\nb", "\u{1f}", "\u{0}", "\u{7f}", "\u{85}", &too_long] {
        let mut of_event = append(&new_stream(), Expect::Any, &["1", "2"]);
        of_event.events[1].event_type = name.to_owned().into();
        let mut stream = new_stream();
        stream.aggregate_type = name.to_owned().into();
        for bad in [of_event, append(&stream, Expect::Any, &["1"])] {
            let refused = invalid(&store, bad).await;
            assert!(
                matches!(refused, InvalidAppend::Name { .. }),
                "{name:?}: {refused:?}"
            );
        }
    }
    let mut version_0 = append(&new_stream(), Expect::Any, &["1"]);
    version_0.events[0].schema_version = 0;
    let refused = invalid(&store, version_0).await;
    assert!(
        matches!(refused, InvalidAppend::SchemaVersion { .. }),
        "{refused:?}"
    );
}

/// S13: payloads, metadata and snapshots have at most 16 MiB.
pub(super) async fn too_large_payloads_are_refused(store: Subject) {
    let large = format!("\"{}\"", "x".repeat(Append::MAX_PAYLOAD - 1));
    let of_event = append(&new_stream(), Expect::Any, &["1", &large]);
    let mut of_metadata = append(&new_stream(), Expect::Any, &["1"]);
    of_metadata.metadata = encoded(Metadata::new().actor(&large));
    let mut of_snapshot = append(&new_stream(), Expect::NoStream, &["1"]);
    of_snapshot.snapshot = Some(snapshot(1, &large));
    for bad in [of_event, of_metadata, of_snapshot] {
        let refused = invalid(&store, bad).await;
        assert!(
            matches!(refused, InvalidAppend::TooLarge { .. }),
            "{refused:?}"
        );
    }
}

/// S12, S13: as many lists and objects may lie within each other as the limit says, on every store alike.
pub(super) async fn what_is_too_deep_is_refused(store: Subject) {
    let nested = |depth: usize| {
        let objects = depth / 2;
        let lists = depth - objects;
        let (open, close) = (r#"{"a{[\"":"#.repeat(objects), "}".repeat(objects));
        format!("{}{open}1{close}{}", "[".repeat(lists), "]".repeat(lists))
    };
    let (deepest, too_deep) = (nested(Append::MAX_DEPTH), nested(Append::MAX_DEPTH + 1));
    let wide = format!("[{}[]]", "[],".repeat(2 * Append::MAX_DEPTH));
    let stream = new_stream();
    let mut most = append(&stream, Expect::NoStream, &[&deepest, &wide]);
    most.snapshot = Some(snapshot(2, &deepest));
    stored(&store, most).await;
    assert_eq!(load(&store, &stream).await.payloads(), [&deepest, &wide]);
    let loaded = load_range(&store, with_snapshot(&stream)).await;
    assert_eq!(loaded.snapshots[0].state, deepest);
    let of_event = append(&new_stream(), Expect::Any, &["1", &too_deep]);
    let mut of_snapshot = append(&new_stream(), Expect::NoStream, &["1"]);
    of_snapshot.snapshot = Some(snapshot(1, &too_deep));
    for bad in [of_event, of_snapshot] {
        let refused = invalid(&store, bad).await;
        assert!(
            matches!(refused, InvalidAppend::TooDeep { .. }),
            "{refused:?}"
        );
    }
}

/// S13: metadata and snapshots of exactly 16 MiB are kept, and a snapshot of more that comes by itself is refused.
pub(super) async fn metadata_and_snapshots_of_the_largest_size_are_kept(store: Subject) {
    let stream = new_stream();
    let largest = format!("\"{}\"", "x".repeat(Append::MAX_PAYLOAD - 2));
    let empty = encoded(Metadata::new().actor("")).json().len();
    let mut most = append(&stream, Expect::NoStream, &["1"]);
    most.metadata = encoded(Metadata::new().actor("x".repeat(Append::MAX_PAYLOAD - empty)));
    most.snapshot = Some(snapshot(1, &largest));
    assert_eq!(most.metadata.json().len(), Append::MAX_PAYLOAD);
    stored(&store, most).await;
    let too_large = snapshot(1, &format!("\"{}\"", "x".repeat(Append::MAX_PAYLOAD - 1)));
    match store.save_snapshot(&stream, too_large).await {
        Err(StoreError::Invalid {
            source: InvalidAppend::TooLarge { .. },
            ..
        }) => {}
        other => panic!("a snapshot over the limit must be refused, not {other:?}"),
    }
    let loaded = load_range(&store, with_snapshot(&stream)).await;
    assert_eq!(loaded.snapshots[0].state.len(), Append::MAX_PAYLOAD);
}

/// S13: all of an append has at most 256 MiB, its metadata counted for each event.
pub(super) async fn too_large_appends_are_refused(store: Subject) {
    let mut large = append(&new_stream(), Expect::Any, &vec!["1"; Append::MAX_EVENTS]);
    large.metadata = encoded(Metadata::new().actor("x".repeat(27_000)));
    let bytes = large.bytes();
    let what = invalid(&store, large).await;
    let told = matches!(what, InvalidAppend::TooLarge { bytes: told, limit: Append::MAX_BYTES, .. } if told == bytes);
    assert!(told, "{what:?}");
}

/// S13: no version goes beyond the highest one, and one that no stream has conflicts.
pub(super) async fn a_version_beyond_the_highest_is_refused(store: Subject) {
    for expected in [Version::MAX, Version::new(u64::MAX)] {
        let append = append(&new_stream(), Expect::Version(expected), &["1"]);
        let refused = invalid(&store, append).await;
        assert_eq!(refused, InvalidAppend::VersionOverflow);
    }
    let last = Version::new(Version::MAX.get() - 1);
    let outcome = store
        .append(append(&new_stream(), Expect::Version(last), &["1"]))
        .await;
    assert!(
        matches!(outcome, Err(StoreError::Conflict { .. })),
        "{outcome:?}"
    );
}

/// S13: a snapshot that rides along is of the version that the stream will be at.
pub(super) async fn snapshots_of_another_version_are_refused(store: Subject) {
    for version in [0, 1, 3, u64::MAX] {
        let mut bad = append(&new_stream(), Expect::NoStream, &["1", "2"]);
        bad.snapshot = Some(snapshot(version, "{}"));
        let refused = invalid(&store, bad).await;
        assert!(
            matches!(refused, InvalidAppend::SnapshotVersion { .. }),
            "{refused:?}"
        );
    }
    let mut bad = append(&new_stream(), Expect::Any, &["1"]);
    bad.snapshot = Some(snapshot(1, "{}"));
    assert_eq!(
        invalid(&store, bad).await,
        InvalidAppend::SnapshotWithoutVersion
    );
}
