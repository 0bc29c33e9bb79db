//! S10: tenants are separate.

use crate::{
    record::{id::CommandId, stream::StreamId, version::Version},
    store::{
        append::Expect,
        conformance::{
            Subject,
            fixture::{
                append, append_as, events, load, load_range, new_stream, new_tenant, snapshot,
                stored, with_snapshot,
            },
        },
    },
};

fn in_two_tenants() -> [StreamId; 2] {
    let one = StreamId {
        tenant_id: new_tenant(),
        ..new_stream()
    };
    let other = StreamId {
        tenant_id: new_tenant(),
        ..one.clone()
    };
    [one, other]
}

/// S10: one aggregate id in two tenants is two streams, also of two types, with versions and snapshots of their own.
pub(super) async fn one_aggregate_id_in_two_tenants_is_two_streams(store: Subject) {
    let [one, mut other] = in_two_tenants();
    other.aggregate_type = "Loan".into();
    stored(&store, append(&one, Expect::NoStream, &["1", "2"])).await;
    store.save_snapshot(&one, snapshot(2, "{}")).await.unwrap();
    let version = stored(&store, append(&other, Expect::NoStream, &["3"])).await;
    assert_eq!(version.get(), 1, "the other tenant's stream begins at 1");
    assert_eq!(
        load(&store, &one).await.payloads(),
        ["1", "2"],
        "the one's events"
    );
    assert_eq!(
        load(&store, &other).await.payloads(),
        ["3"],
        "the other's events"
    );
    let loaded = load_range(&store, with_snapshot(&other)).await;
    assert!(
        loaded.snapshots.is_empty(),
        "the one's snapshot is not the other's"
    );
}

/// S10: one command id in two tenants is two commands, also at once.
pub(super) async fn one_command_id_in_two_tenants_is_two_commands(store: Subject) {
    let command = CommandId::new();
    let streams = in_two_tenants();
    let [one, other] = &streams;
    let (first, second) = tokio::join!(
        stored(&store, append_as(command, one, Expect::NoStream, &["1"])),
        stored(&store, append_as(command, other, Expect::NoStream, &["2"])),
    );
    assert_eq!((first.get(), second.get()), (1, 1), "both are stored");
    for (stream, payload) in streams.iter().zip(["1", "2"]) {
        let found = store
            .events_of_command(stream.tenant_id, command)
            .await
            .unwrap();
        assert_eq!(found.len(), 1, "each tenant finds its own");
        assert_eq!(found[0].payload, payload, "each tenant finds its own");
        assert_eq!(
            found,
            events(&store, stream).await,
            "and nothing of the other's"
        );
    }
}

/// S10: a stream, a command and a snapshot of one tenant are nothing to another.
pub(super) async fn a_tenant_learns_nothing_of_another(store: Subject) {
    let [one, other] = in_two_tenants();
    let command = CommandId::new();
    stored(&store, append_as(command, &one, Expect::NoStream, &["1"])).await;
    store.save_snapshot(&one, snapshot(1, "{}")).await.unwrap();
    let loaded = load_range(&store, with_snapshot(&other)).await;
    assert!(
        loaded.events.is_empty() && loaded.snapshots.is_empty(),
        "no stream: {loaded:?}"
    );
    let found = store
        .events_of_command(other.tenant_id, command)
        .await
        .unwrap();
    assert!(found.is_empty(), "no command: {found:?}");
    let deleted = store.delete_snapshots(other.tenant_id, None).await.unwrap();
    assert_eq!(deleted, 0, "no snapshot");
    let now = crate::store::AsOfTime::Recorded(crate::record::timestamp::Timestamp::MAX);
    let version = store.version_as_of(&other, now).await.unwrap();
    assert_eq!(version.get(), 0, "no version");
    let expect = Expect::Version(Version::FIRST);
    let refused = store.append(append(&other, expect, &["1"])).await;

    assert!(refused.is_err(), "no stream to append to: {refused:?}");
}
