//! S9: a snapshot is a cache; the newest one is kept, and none of them changes what a load comes to.

use crate::{
    record::{
        id::TenantId,
        stream::{AggregateType, StreamId},
        version::Version,
    },
    store::{
        ReadStream,
        append::Expect,
        conformance::{
            Subject,
            fixture::{
                Loaded, OF_ANOTHER, append, load, load_range, new_stream, new_tenant, renamed,
                snapshot, stored, with_snapshot,
            },
        },
        error::StoreError,
    },
};

/// The state and version of the snapshot that a load is offered.
async fn kept(store: &Subject, stream: &StreamId) -> Option<(u64, String)> {
    let mut loaded = load_range(store, with_snapshot(stream)).await;
    assert!(
        loaded.snapshots.len() <= 1,
        "a load is offered one snapshot at most"
    );
    let kept = loaded.snapshots.pop()?;
    Some((kept.version.get(), kept.state))
}

fn some(version: u64, state: &str) -> Option<(u64, String)> {
    Some((version, state.to_owned()))
}

/// S9: a newer snapshot replaces the one kept, an older one never does; of one version, the newer shape counts.
pub(super) async fn a_newer_snapshot_replaces_an_older_one_only(store: Subject) {
    let stream = new_stream();
    stored(&store, append(&stream, Expect::NoStream, &["1"; 10])).await;
    for (version, state, expected) in [
        (4, "4", 4),
        (7, "7", 7),
        (5, "5", 7),
        (7, "77", 7),
        (10, "10", 10),
    ] {
        store
            .save_snapshot(&stream, snapshot(version, state))
            .await
            .unwrap();
        assert_eq!(
            kept(&store, &stream).await,
            some(expected, &expected.to_string()),
            "after one of version {version} was given"
        );
    }
    for (schema_version, state) in [(7, "\"new\""), (2, "\"other\"")] {
        let mut reshaped = snapshot(10, state);
        reshaped.schema_version = schema_version;
        store.save_snapshot(&stream, reshaped).await.unwrap();
        assert_eq!(
            kept(&store, &stream).await,
            some(10, state),
            "one of another shape replaces that of the same version"
        );
    }
}

/// S1, S9: a snapshot that rides along is kept with its events, or not at all.
pub(super) async fn a_snapshot_rides_along_or_not_at_all(store: Subject) {
    let stream = new_stream();
    let mut with = append(&stream, Expect::NoStream, &["1", "2"]);
    with.snapshot = Some(snapshot(2, "{\"sum\":3}"));
    stored(&store, with).await;
    assert_eq!(
        kept(&store, &stream).await,
        some(2, "{\"sum\":3}"),
        "it came with its events"
    );
    let mut conflicting = append(&stream, Expect::Version(Version::FIRST), &["3", "4"]);
    conflicting.snapshot = Some(snapshot(3, "{}"));
    let refused = store.append(conflicting).await;
    assert!(
        matches!(
            refused,
            Err(StoreError::Conflict { .. } | StoreError::Invalid { .. })
        ),
        "an append at another version must be refused, not {refused:?}"
    );
    let mut conflicting = append(&stream, Expect::Version(Version::new(3)), &["4"]);
    conflicting.snapshot = Some(snapshot(4, "{}"));
    let refused = store.append(conflicting).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict { .. })),
        "conflict: {refused:?}"
    );
    assert_eq!(
        kept(&store, &stream).await,
        some(2, "{\"sum\":3}"),
        "a refused append brings none"
    );
    let loaded = load_range(&store, with_snapshot(&stream)).await;
    assert!(
        loaded.events.is_empty(),
        "no event follows the snapshot: {loaded:?}"
    );
}

/// S9: a sink that refuses the snapshot is given all events, as if there were none.
pub(super) async fn a_refused_snapshot_is_as_none(store: Subject) {
    let stream = new_stream();
    stored(&store, append(&stream, Expect::NoStream, &["1", "2", "3"])).await;
    store
        .save_snapshot(&stream, snapshot(2, "{}"))
        .await
        .unwrap();
    let accepted = load_range(&store, with_snapshot(&stream)).await;
    assert_eq!(
        accepted.versions(),
        [3],
        "after a snapshot only what follows is read"
    );
    let mut refusing = Loaded::refusing_snapshots();
    store
        .read_state(with_snapshot(&stream), &mut refusing)
        .await
        .unwrap();
    assert_eq!(
        refusing.versions(),
        [1, 2, 3],
        "a refused snapshot changes nothing"
    );
    let unasked = load(&store, &stream).await;
    assert!(
        unasked.snapshots.is_empty(),
        "who asks for none is offered none"
    );
    assert_eq!(
        unasked.versions(),
        [1, 2, 3],
        "who asks for none gets all events"
    );
}

/// S9: a read up to a version is not offered a later state, nor one that it is beyond already.
pub(super) async fn a_snapshot_beyond_the_range_is_not_offered(store: Subject) {
    let stream = new_stream();
    stored(&store, append(&stream, Expect::NoStream, &["1"; 9])).await;
    store
        .save_snapshot(&stream, snapshot(5, "{}"))
        .await
        .unwrap();
    for (after, to, offered, versions) in [
        (0, 4, 0, vec![1, 2, 3, 4]),
        (0, 5, 1, vec![]),
        (0, 6, 1, vec![6]),
        (3, 7, 1, vec![6, 7]),
        (5, 7, 0, vec![6, 7]),
        (6, 7, 0, vec![7]),
    ] {
        let read = ReadStream {
            after: Version::new(after),
            to: Version::new(to),
            ..with_snapshot(&stream)
        };
        let loaded = load_range(&store, read).await;
        assert_eq!(
            loaded.snapshots.len(),
            offered,
            "snapshots after {after} up to {to}"
        );
        assert_eq!(
            loaded.versions(),
            versions,
            "events after {after} up to {to}"
        );
    }
}

/// S9: a snapshot of a version that the stream does not reach is not kept, and no error.
pub(super) async fn a_snapshot_beyond_the_stream_is_not_kept(store: Subject) {
    let stream = new_stream();
    store
        .save_snapshot(&stream, snapshot(1, "{}"))
        .await
        .unwrap();
    stored(&store, append(&stream, Expect::NoStream, &["1", "2"])).await;
    store
        .save_snapshot(&stream, snapshot(3, "{}"))
        .await
        .unwrap();
    assert_eq!(kept(&store, &stream).await, None, "neither was kept");
}

/// S9, S10: deleting takes the snapshots of one type or of all, in one tenant; loads come to the same.
pub(super) async fn snapshots_are_deleted_by_type_and_tenant(store: Subject) {
    let tenants = [new_tenant(), new_tenant()];
    let mut streams = Vec::new();
    for tenant_id in tenants {
        for aggregate_type in ["Account", "Loan", "Loan"] {
            let mut stream = new_stream();
            stream.tenant_id = tenant_id;
            stream.aggregate_type = aggregate_type.into();
            let mut append = append(&stream, Expect::NoStream, &["1", "2"]);
            append.snapshot = Some(snapshot(2, "{}"));
            stored(&store, append).await;
            streams.push(stream);
        }
    }
    let delete = async |tenant: TenantId, of_type: Option<&'static str>| {
        let of_type = of_type.map(AggregateType::from);
        store.delete_snapshots(tenant, of_type).await.unwrap()
    };
    assert_eq!(delete(tenants[0], Some("Other")).await, 0, "no such type");
    assert_eq!(
        delete(tenants[0], Some("Loan")).await,
        2,
        "both of one type"
    );
    assert_eq!(delete(tenants[0], Some("Loan")).await, 0, "they are gone");
    assert_eq!(delete(tenants[0], None).await, 1, "the rest");
    for (number, stream) in streams.iter().enumerate() {
        let expected = usize::from(number >= 3);
        let loaded = load_range(&store, with_snapshot(stream)).await;
        assert_eq!(loaded.snapshots.len(), expected, "of stream {number}");
        assert_eq!(
            load(&store, stream).await.versions(),
            [1, 2],
            "events are as they were"
        );
    }
    assert_eq!(
        delete(tenants[1], None).await,
        3,
        "the other tenant's were untouched"
    );
}

/// S2, S9: snapshots are taken, offered and deleted under a later name of the type as under the first one.
pub(super) async fn snapshots_outlive_a_renamed_type(store: Subject) {
    let (former, renamed) = renamed();
    let tenant = former.tenant_id;
    stored(&store, append(&former, Expect::NoStream, &["1", "2"])).await;
    let saved = store.save_snapshot(&former, snapshot(1, "1"));
    saved.await.unwrap();
    assert_eq!(kept(&store, &renamed).await, some(1, "1"), "kept before");
    let saved = store.save_snapshot(&renamed, snapshot(2, "2"));
    saved.await.unwrap();
    assert_eq!(kept(&store, &former).await, some(2, "2"), "kept since");
    let mut with = append(&renamed, Expect::Version(Version::new(2)), &["3"]);
    with.snapshot = Some(snapshot(3, "3"));
    stored(&store, with).await;
    assert_eq!(kept(&store, &renamed).await, some(3, "3"), "rode along");

    let delete = async |of_type: AggregateType| {
        let deleted = store.delete_snapshots(tenant, Some(of_type)).await;
        deleted.unwrap()
    };
    let other = AggregateType::renamed("Loan", &OF_ANOTHER);
    assert_eq!(delete(other).await, 0, "of another type");
    assert_eq!(delete(renamed.aggregate_type.clone()).await, 1, "all names");
    let saved = store.save_snapshot(&renamed, snapshot(3, "3"));
    saved.await.unwrap();
    let deleted = delete(former.aggregate_type.clone()).await;
    assert_eq!(deleted, 1, "an older build deletes its own");
}
