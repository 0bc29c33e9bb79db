//! S1, S2 and S8: all or nothing, one winner for a version, dense versions, one aggregate type.

use std::collections::HashSet;

use tokio::task::JoinSet;

use crate::{
    record::{id::EventId, stream::AggregateType, timestamp::Timestamp, version::Version},
    store::{
        ReadStream,
        append::{Append, Appended, Expect},
        conformance::{
            Subject,
            fixture::{append, at, events, load, new_stream, raw, renamed, stored},
        },
        error::StoreError,
    },
};

/// S1: a bad event among good ones, or a conflict, stores none of them.
pub(super) async fn an_append_is_all_or_nothing(store: Subject) {
    let stream = new_stream();
    let mut bad = append(&stream, Expect::NoStream, &["1", "2", "3"]);
    bad.events[1].payload = raw(&format!("\"{}\"", "x".repeat(Append::MAX_PAYLOAD)));
    let refused = store.append(bad).await;
    assert!(
        matches!(refused, Err(StoreError::Invalid { .. })),
        "an append with one payload too large must be refused, not {refused:?}"
    );
    let conflicting = append(&stream, Expect::Version(Version::new(7)), &["1", "2"]);
    let refused = store.append(conflicting).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict { .. })),
        "an append at another version must conflict, not {refused:?}"
    );
    let loaded = load(&store, &stream).await;
    assert!(
        loaded.events.is_empty(),
        "refused appends must leave nothing, found {loaded:?}"
    );
    let version = stored(&store, append(&stream, Expect::NoStream, &["1", "2", "3"])).await;
    assert_eq!(version, Version::new(3), "all events must be stored");
}

/// S2: versions count from 1 without gaps, whatever the appends' sizes.
pub(super) async fn versions_are_dense_from_one(store: Subject) {
    let stream = new_stream();
    let mut expected = 0;
    for size in [1, 2, 7, 8, 9, 63, 64, 65, 100, 3] {
        let version = stored(
            &store,
            append(
                &stream,
                Expect::Version(Version::new(expected)),
                &vec!["{}"; size],
            ),
        )
        .await;
        expected += u64::try_from(size).unwrap();
        assert_eq!(version.get(), expected, "after an append of {size} events");
    }
    let versions = load(&store, &stream).await.versions();
    let dense: Vec<u64> = (1..=expected).collect();
    assert_eq!(versions, dense, "versions must be dense");
}

/// S2: of many racers for each version exactly one wins, and every loser's error has the right versions.
pub(super) async fn one_racer_wins_each_version(store: Subject) {
    let stream = new_stream();
    for version in 0..20_u64 {
        let mut racers = JoinSet::new();
        for racer in 0..16 {
            let (store, stream) = (store.clone(), stream.clone());
            racers.spawn(async move {
                let expect = Expect::Version(Version::new(version));
                store
                    .append(append(&stream, expect, &[&racer.to_string()]))
                    .await
            });
        }
        let outcomes = racers.join_all().await;
        check_one_winner(
            &outcomes,
            Expect::Version(Version::new(version)),
            version + 1,
        );
    }
    let versions = load(&store, &stream).await.versions();
    assert_eq!(
        versions,
        (1..=20).collect::<Vec<_>>(),
        "one event for each version"
    );
}

/// S2: of many racers to create a stream exactly one wins.
pub(super) async fn one_racer_creates_a_stream(store: Subject) {
    for _ in 0..10 {
        let stream = new_stream();
        let mut racers = JoinSet::new();
        for _ in 0..16 {
            let (store, stream) = (store.clone(), stream.clone());
            racers.spawn(async move {
                store
                    .append(append(&stream, Expect::NoStream, &["1", "2"]))
                    .await
            });
        }
        check_one_winner(&racers.join_all().await, Expect::NoStream, 2);
        let versions = load(&store, &stream).await.versions();
        assert_eq!(versions, [1, 2], "only the winner's events are stored");
    }
}

fn check_one_winner(outcomes: &[Result<Appended, StoreError>], expect: Expect, after: u64) {
    let winners = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(winners, 1, "exactly one racer wins {expect}: {outcomes:?}");
    for outcome in outcomes {
        match outcome {
            Ok(Appended::Stored { version, .. }) => {
                assert_eq!(version.get(), after, "the version in the winner's answer");
            }
            Err(StoreError::Conflict {
                expected, actual, ..
            }) => {
                assert_eq!(*expected, expect, "the expected version in a loser's error");
                assert_eq!(actual.get(), after, "the found version in a loser's error");
            }
            other => panic!("a racer for {expect} wins or conflicts, not {other:?}"),
        }
    }
}

/// S2: `Any` and `Exists` take the version that the stream has.
pub(super) async fn any_and_exists_take_the_current_version(store: Subject) {
    let stream = new_stream();
    for (expect, version) in [(Expect::Any, 2), (Expect::Any, 4), (Expect::Exists, 6)] {
        let after = stored(&store, append(&stream, expect, &["1", "2"])).await;
        assert_eq!(
            after.get(),
            version,
            "after an append that expects {expect}"
        );
    }
}

/// S2: `Exists` refuses a stream without events, `NoStream` one with events.
pub(super) async fn exists_refuses_a_new_stream(store: Subject) {
    let stream = new_stream();
    conflicts(&store, append(&stream, Expect::Exists, &["1"]), 0).await;
    stored(&store, append(&stream, Expect::NoStream, &["1"])).await;
    conflicts(&store, append(&stream, Expect::NoStream, &["1"]), 1).await;
}

/// S2: a conflict names the expectation and the version found, below and above it.
pub(super) async fn a_conflict_tells_the_actual_version(store: Subject) {
    let stream = new_stream();
    stored(
        &store,
        append(&stream, Expect::Version(Version::NONE), &["1", "2", "3"]),
    )
    .await;
    for expected in [0, 1, 2, 4, 1_000] {
        let expect = Expect::Version(Version::new(expected));
        for payloads in [&["4"][..], &["4", "5"]] {
            conflicts(&store, append(&stream, expect, payloads), 3).await;
        }
    }
}

async fn conflicts(store: &Subject, append: Append, version: u64) {
    let expect = append.expect;
    match store.append(append).await {
        Err(StoreError::Conflict {
            expected, actual, ..
        }) => {
            assert_eq!(expected, expect, "a conflict tells what was expected");
            assert_eq!(actual.get(), version, "a conflict tells the version found");
        }
        other => panic!("{expect} at version {version} must conflict, not {other:?}"),
    }
}

/// S2: an append that names the last event is stored behind that one only, whatever the version.
pub(super) async fn another_last_event_is_a_conflict(store: Subject) {
    let at_two = Expect::Version(Version::new(2));
    for payloads in [&["1"][..], &["1", "2"]] {
        let stream = new_stream();
        let first = append(&stream, Expect::NoStream, &["1", "2"]);
        let (before_last, last) = (EventId::of(first.command_id, 0), first.last_event());
        let expecting = |expect, last| Append {
            expect_last: Some(last),
            ..append(&stream, expect, payloads)
        };
        for (version, expect, event) in [
            (0, Expect::Any, last),
            (2, at_two, before_last),
            (
                2,
                Expect::Any,
                append(&stream, Expect::Any, &["1"]).last_event(),
            ),
        ] {
            if version > 0 && load(&store, &stream).await.events.is_empty() {
                stored(&store, first.clone()).await;
            }
            let refused = store.append(expecting(expect, event)).await;
            let told = match &refused {
                Err(StoreError::Conflict {
                    expected, actual, ..
                }) => (*expected, actual.get()),
                other => panic!("an append behind another event must conflict, not {other:?}"),
            };
            assert_eq!(told, (expect, version), "the versions in the loser's error");
        }
        assert_eq!(
            load(&store, &stream).await.versions(),
            [1, 2],
            "nothing was written"
        );
        let next = expecting(at_two, last);
        let then = next.last_event();
        stored(&store, next).await;
        stored(&store, expecting(Expect::Exists, then)).await;
    }
}

/// S2: appends to one stream that expect nothing all land, each with its events together.
pub(super) async fn appends_to_one_stream_at_once_all_land(store: Subject) {
    let stream = new_stream();
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let (store, stream) = (store.clone(), stream.clone());
        writers.spawn(async move {
            let mine = writer.to_string();
            for _ in 0..25 {
                stored(&store, append(&stream, Expect::Any, &[&mine, &mine])).await;
            }
        });
    }
    writers.join_all().await;
    let loaded = load(&store, &stream).await;
    assert_eq!(
        loaded.versions(),
        (1..=400).collect::<Vec<_>>(),
        "nothing is lost or doubled"
    );
    for pair in loaded.payloads().chunks(2) {
        assert_eq!(pair[0], pair[1], "the events of one append stand together");
    }
}

/// S2: an aggregate id belongs to the type it was made with, for appends and for reads.
pub(super) async fn a_stream_belongs_to_one_aggregate_type(store: Subject) {
    let stream = new_stream();
    stored(&store, append(&stream, Expect::NoStream, &["1"])).await;
    let mut other = stream.clone();
    other.aggregate_type = "Loan".into();
    for expect in [
        Expect::NoStream,
        Expect::Any,
        Expect::Version(Version::FIRST),
    ] {
        is_wrong(store.append(append(&other, expect, &["1"])).await);
    }
    let mut loaded = super::fixture::Loaded::default();
    is_wrong(store.read_state(ReadStream::all(&other), &mut loaded).await);
    assert!(
        loaded.events.is_empty(),
        "a read under another type yields nothing"
    );
    let behind = ReadStream {
        after: Version::new(9),
        ..ReadStream::all(&other)
    };
    is_wrong(store.read_state(behind, &mut loaded).await);
    is_wrong(super::fixture::events_in(&store, ReadStream::all(&other)).await);
    let now = crate::store::AsOfTime::Recorded(Timestamp::now());
    is_wrong(store.version_as_of(&other, now).await);
    is_wrong(
        store
            .save_snapshot(&other, super::fixture::snapshot(1, "{}"))
            .await,
    );
    assert_eq!(
        load(&store, &stream).await.versions(),
        [1],
        "the stream is as it was"
    );
}

/// S2: a stream is the same under a later name of its type, and keeps the name it was begun under, so that an older
/// build can go on with it.
pub(super) async fn a_stream_outlives_a_renamed_type(store: Subject) {
    let (former, renamed) = renamed();
    stored(&store, append(&former, Expect::NoStream, &["1"])).await;
    let refused = store
        .append(append(&renamed, Expect::NoStream, &["2"]))
        .await;
    assert!(
        matches!(refused, Err(StoreError::Conflict { .. })),
        "the stream exists, not {refused:?}"
    );
    for (stream, expect) in [
        (&renamed, Expect::Version(Version::FIRST)),
        (&former, Expect::Version(Version::new(2))),
        (&renamed, Expect::Exists),
    ] {
        stored(&store, append(stream, expect, &["2"])).await;
    }
    let now = crate::store::AsOfTime::Recorded(Timestamp::now());
    for stream in [&former, &renamed] {
        assert_eq!(load(&store, stream).await.versions(), [1, 2, 3, 4]);
        let recorded = events(&store, stream).await;
        assert!(
            recorded
                .iter()
                .all(|event| event.aggregate_type == "Account"),
            "it keeps the name it was begun under: {recorded:?}"
        );
        let version = store.version_as_of(stream, now).await.unwrap();
        assert_eq!(version, Version::new(4));
    }
    let (_, unknown) = super::fixture::renamed();
    let begun = append(&unknown, Expect::NoStream, &["1"]);
    stored(&store, begun).await;
    assert_eq!(events(&store, &unknown).await[0].aggregate_type, "Ledger");
    let mut other = renamed.clone();
    other.aggregate_type = AggregateType::renamed("Loan", &super::fixture::OF_ANOTHER);
    is_wrong(store.append(append(&other, Expect::Any, &["1"])).await);
    is_wrong(super::fixture::events_in(&store, ReadStream::all(&other)).await);
}

fn is_wrong<T: std::fmt::Debug>(outcome: Result<T, StoreError>) {
    match outcome {
        Err(StoreError::WrongAggregate { found, .. }) => assert_eq!(found, "Account"),
        other => panic!("another type must be WrongAggregate, not {other:?}"),
    }
}

/// S8: positions grow with versions, and no two events share one.
pub(super) async fn positions_grow(store: Subject) {
    let mut seen = HashSet::new();
    for stream in [new_stream(), new_stream()] {
        stored(&store, append(&stream, Expect::NoStream, &["1", "2"])).await;
        let last = store
            .append(append(&stream, Expect::Exists, &["3", "4"]))
            .await;
        let events = events(&store, &stream).await;
        let positions: Vec<_> = events.iter().map(|event| event.position).collect();
        assert!(
            positions.is_sorted(),
            "positions follow versions: {positions:?}"
        );
        assert!(
            positions.iter().all(|position| seen.insert(*position)),
            "no two events share a position: {positions:?}"
        );
        let told = match last {
            Ok(Appended::Stored { position, .. }) => position,
            other => panic!("an append that fits must be stored, not {other:?}"),
        };
        assert_eq!(
            Some(&told),
            positions.last(),
            "the position in the append's answer"
        );
    }
}

/// What is read back is what was appended, with the store's clock.
pub(super) async fn what_was_appended_is_what_is_recorded(store: Subject) {
    let stream = new_stream();
    let time: Timestamp = "2011-10-01T00:38:44.546Z".parse().unwrap();
    let mut new = at(
        time,
        append(&stream, Expect::NoStream, &["{\"a\":1}", "[]"]),
    );
    new.events[1].event_type = "Withdrawn".into();
    new.events[1].schema_version = 4_000_000_000;
    let before = Timestamp::now();
    let outcome = store.append(new.clone()).await;
    let after = Timestamp::now();
    let Ok(Appended::Stored {
        recorded_at: told, ..
    }) = outcome
    else {
        panic!("an append that fits must be stored, not {outcome:?}");
    };
    let read = events(&store, &stream).await;
    assert_eq!(read.len(), 2, "both events are stored");
    for ((index, event), new_event) in (0..).zip(&read).zip(&new.events) {
        assert_eq!(
            event.id,
            EventId::of(new.command_id, index),
            "the event's id"
        );
        assert_eq!(event.tenant_id, stream.tenant_id, "the tenant");
        assert_eq!(
            event.aggregate_type, stream.aggregate_type,
            "the aggregate's type"
        );
        assert_eq!(
            event.aggregate_id, stream.aggregate_id,
            "the aggregate's id"
        );
        assert_eq!(event.version.get(), u64::from(index) + 1, "the version");
        assert_eq!(event.event_type, new_event.event_type, "the event's name");
        assert_eq!(
            event.schema_version, new_event.schema_version,
            "the schema version"
        );
        assert_eq!(event.payload, new_event.payload.get(), "the payload");
        assert_eq!(
            event.metadata().expect("it can be read").timestamp,
            Some(time),
            "the time in the metadata"
        );
        assert_eq!(event.occurred_at, time, "when it happened");
        assert_eq!(
            event.recorded_at, told,
            "the store's clock, as in the append's answer"
        );
    }
    assert!(
        (before..=after).contains(&told),
        "the store's clock is the present: {told}"
    );
}
