//! S4 and S5: one command id has one effect, however often and however it is sent.

use tokio::task::JoinSet;

use crate::{
    record::{
        event::RecordedEvent,
        id::{CommandId, TenantId},
        stream::StreamId,
        version::Version,
    },
    store::{
        append::{Append, Appended, Expect},
        conformance::{
            Subject,
            fixture::{append, append_as, events, load, new_stream, renamed, stored},
        },
        error::StoreError,
    },
};

async fn before(store: &Subject, append: Append) -> Vec<RecordedEvent> {
    match store.append(append).await {
        Ok(Appended::Before(events)) => events,
        other => panic!("a command seen before must be answered so, not {other:?}"),
    }
}

/// S4, S5: appending again under the same command id stores nothing and answers with what was stored.
pub(super) async fn a_command_sent_twice_has_one_effect(store: Subject) {
    let (stream, command) = (new_stream(), CommandId::new());
    stored(&store, append(&stream, Expect::NoStream, &["1"])).await;
    let sent = append_as(
        command,
        &stream,
        Expect::Version(Version::FIRST),
        &["2", "3"],
    );
    stored(&store, sent.clone()).await;
    stored(&store, append(&stream, Expect::Exists, &["4"])).await;
    for _ in 0..2 {
        let again = before(&store, sent.clone()).await;
        let all = events(&store, &stream).await;
        assert_eq!(
            again,
            all[1..3],
            "the answer is the events of the command, no others"
        );
        assert_eq!(all.len(), 4, "nothing was stored again");
    }
}

/// S4: of many that send one command at once, one stores and all others get what it stored.
pub(super) async fn a_command_sent_twice_at_once_has_one_effect(store: Subject) {
    for expect in [Expect::NoStream, Expect::Any] {
        let (stream, command) = (new_stream(), CommandId::new());
        let mut senders = JoinSet::new();
        for _ in 0..16 {
            let (store, stream) = (store.clone(), stream.clone());
            senders.spawn(async move {
                store
                    .append(append_as(command, &stream, expect, &["1", "2"]))
                    .await
            });
        }
        let outcomes = senders.join_all().await;
        let stored = events(&store, &stream).await;
        assert_eq!(stored.len(), 2, "a command sent 16 times is stored once");
        let mut first = 0;
        for outcome in outcomes {
            match outcome {
                Ok(Appended::Stored { .. }) => first += 1,
                Ok(Appended::Before(events)) => {
                    assert_eq!(events, stored, "the others get what it stored");
                }
                other => panic!("a command sent again is no failure, but {other:?}"),
            }
        }
        assert_eq!(first, 1, "exactly one sender stored the events");
    }
}

/// S4: the command is looked up before its expectation is checked, also where a fresh one would conflict.
pub(super) async fn a_seen_command_is_answered_before_its_expectation(store: Subject) {
    let (stream, command) = (new_stream(), CommandId::new());
    stored(
        &store,
        append_as(command, &stream, Expect::NoStream, &["1"]),
    )
    .await;
    for expect in [
        Expect::NoStream,
        Expect::Version(Version::new(9)),
        Expect::Any,
    ] {
        let events = before(
            &store,
            append_as(command, &stream, expect, &["other", "x"].map(|_| "5")),
        )
        .await;
        assert_eq!(
            events.len(),
            1,
            "with {expect}: the answer is what was stored then"
        );
    }
}

/// S4: a command id used for one aggregate is refused for another, and for another type.
pub(super) async fn a_command_id_for_another_aggregate_is_refused(store: Subject) {
    let (stream, command) = (new_stream(), CommandId::new());
    stored(
        &store,
        append_as(command, &stream, Expect::NoStream, &["1"]),
    )
    .await;
    let mut of_other_type = stream.clone();
    of_other_type.aggregate_type = "Loan".into();
    for other in [new_stream(), of_other_type] {
        reused(&store, command, &other, &stream).await;
    }
}

/// S4: a command that was sent before the type was renamed is known after it.
pub(super) async fn a_command_outlives_a_renamed_type(store: Subject) {
    let (former, renamed) = renamed();
    let command = CommandId::new();
    stored(
        &store,
        append_as(command, &former, Expect::NoStream, &["1", "2"]),
    )
    .await;
    for stream in [&former, &renamed] {
        let events = before(&store, append_as(command, stream, Expect::Any, &["1"])).await;
        assert_eq!(events.len(), 2, "what was stored then");
    }
    let later = CommandId::new();
    stored(&store, append_as(later, &renamed, Expect::Exists, &["3"])).await;
    for stream in [&former, &renamed] {
        let events = before(&store, append_as(later, stream, Expect::Any, &["3"])).await;
        assert_eq!(events[0].version.get(), 3);
    }
}

async fn reused(store: &Subject, command: CommandId, other: &StreamId, first: &StreamId) {
    let outcome = store
        .append(append_as(command, other, Expect::Any, &["1"]))
        .await;
    match outcome {
        Err(StoreError::CommandIdReused {
            command_id,
            used_for,
        }) => {
            assert_eq!(command_id, command, "the error names the command");
            assert_eq!(
                used_for, *first,
                "the error names the aggregate it was used for"
            );
        }
        other => panic!("a command id used before must be refused, not {other:?}"),
    }
}

/// S4: one id sent for two aggregates at once is stored for one of them only.
pub(super) async fn a_command_id_for_two_aggregates_at_once_stores_one(store: Subject) {
    for _ in 0..10 {
        let command = CommandId::new();
        let streams = [new_stream(), new_stream()];
        let mut senders = JoinSet::new();
        for stream in streams.clone() {
            let store = store.clone();
            senders.spawn(async move {
                store
                    .append(append_as(command, &stream, Expect::Any, &["1"]))
                    .await
            });
        }
        let outcomes = senders.join_all().await;
        let reused =
            |outcome: &&Result<_, _>| matches!(outcome, Err(StoreError::CommandIdReused { .. }));
        assert_eq!(
            outcomes.iter().filter(reused).count(),
            1,
            "one is refused: {outcomes:?}"
        );
        let [one, other] = &streams;
        let events = load(&store, one).await.events.len() + load(&store, other).await.events.len();
        assert_eq!(events, 1, "one is stored");
    }
}

/// S4: a command that stored nothing may be sent again.
pub(super) async fn a_refused_command_may_be_sent_again(store: Subject) {
    let (stream, command) = (new_stream(), CommandId::new());
    let refused = store
        .append(append_as(
            command,
            &stream,
            Expect::Version(Version::new(3)),
            &["1"],
        ))
        .await;
    assert!(
        matches!(refused, Err(StoreError::Conflict { .. })),
        "no stream yet: {refused:?}"
    );
    stored(
        &store,
        append_as(command, &stream, Expect::NoStream, &["1"]),
    )
    .await;
}

/// The events of a command are found by its id, in its tenant, also many of them.
pub(super) async fn events_of_a_command_are_found(store: Subject) {
    let (stream, command) = (new_stream(), CommandId::new());
    let find = |command| store.events_of_command(TenantId::DEFAULT, command);
    assert!(
        find(command).await.unwrap().is_empty(),
        "nothing was stored yet"
    );
    stored(&store, append(&stream, Expect::NoStream, &["0"; 3])).await;
    stored(
        &store,
        append_as(command, &stream, Expect::Any, &vec!["1"; 7_000]),
    )
    .await;
    stored(&store, append(&stream, Expect::Any, &["2"; 3])).await;
    let found = find(command).await.unwrap();
    assert_eq!(
        found.len(),
        7_000,
        "all events of the command, and no others"
    );
    assert!(
        found.iter().all(|event| event.payload == "1"),
        "they are its own"
    );
    assert!(
        (4..)
            .zip(&found)
            .all(|(version, event)| event.version.get() == version),
        "they come in order"
    );
}
