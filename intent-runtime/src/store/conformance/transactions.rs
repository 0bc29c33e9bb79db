//! S19: transactions of several appends. A store without any is excused.

use tokio::task::{JoinSet, yield_now};

use crate::{
    record::{cursor::Cursor, id::CommandId, version::Version},
    store::{
        AsOfTime, ReadStream,
        append::{Append, Appended, Expect},
        conformance::{
            Subject,
            fixture::{
                append, append_as, events, events_of, in_new_tenant, load, load_range, loaded,
                new_stream, snapshot, stored, stored_in, with_snapshot,
            },
            lifecycle::poll_times,
            reader::{Reader, payloads, read, whole_log},
        },
        error::StoreError,
        port::BegunTransaction,
        selection::LogSelection,
    },
};

/// Begins a transaction, unless the store has none.
async fn begin(store: &Subject) -> Option<Box<dyn BegunTransaction>> {
    let begun = store.transact()?.begin().await;
    Some(begun.expect("a transaction begins"))
}

/// Two events that create a stream, and the state after them as a snapshot.
fn creation(command_id: CommandId) -> Append {
    Append {
        snapshot: Some(snapshot(2, "{}")),
        ..append_as(command_id, &new_stream(), Expect::NoStream, &["1", "2"])
    }
}

/// S1, S19: streams of several tenants, with their snapshots.
pub(super) async fn a_transaction_is_stored_together(store: Subject) {
    let Some(begun) = begin(&store).await else {
        return;
    };
    let streams = [new_stream(), in_new_tenant(), new_stream(), new_stream()];
    for stream in &streams {
        let create = Append {
            stream: stream.clone(),
            ..creation(CommandId::new())
        };
        stored_in(&*begun, create).await;
        stored_in(&*begun, append(stream, Expect::Exists, &["3"])).await;
    }
    begun.commit().await.expect("a transaction commits");
    for stream in &streams {
        assert_eq!(load(&store, stream).await.payloads(), ["1", "2", "3"]);
        let loaded = load_range(&store, with_snapshot(stream)).await;
        assert_eq!(loaded.snapshots.len(), 1, "the snapshot that rode along");
    }
}

/// S19: and it holds up nobody afterwards, not even the command that was in it.
pub(super) async fn what_does_not_commit_is_not_stored(store: Subject) {
    for is_dropped in [true, false] {
        let Some(begun) = begin(&store).await else {
            return;
        };
        let sent = creation(CommandId::new());
        stored_in(&*begun, sent.clone()).await;
        if is_dropped {
            drop(begun);
        } else {
            begun
                .rollback()
                .await
                .expect("a transaction is rolled back");
        }
        let loaded = load_range(&store, with_snapshot(&sent.stream)).await;
        assert_eq!((loaded.payloads(), loaded.snapshots.len()), (vec![], 0));
        stored(&store, sent).await;
    }
    let log = whole_log(&store, 100).await;
    assert_eq!(payloads(&log), ["1", "2", "1", "2"], "and in the log");
}

/// S19: what is read in a transaction.
pub(super) async fn a_transaction_sees_what_it_appended(store: Subject) {
    let (before, sent) = (new_stream(), creation(CommandId::new()));
    stored(&store, append(&before, Expect::NoStream, &["0"])).await;
    let Some(begun) = begin(&store).await else {
        return;
    };
    stored_in(&*begun, sent.clone()).await;
    stored_in(&*begun, append(&sent.stream, Expect::Exists, &["3"])).await;
    stored_in(&*begun, append(&before, Expect::Exists, &["1"])).await;
    for (stream, expected) in [
        (&sent.stream, ["1", "2", "3"].as_slice()),
        (&before, &["0", "1"]),
    ] {
        let loaded = loaded(&*begun, ReadStream::all(stream)).await;
        assert_eq!(loaded.payloads(), expected);
        let events = events_of(&*begun, ReadStream::all(stream)).await;
        assert_eq!(payloads(&events.expect("events can be read")), expected);
    }
    let loaded = loaded(&*begun, with_snapshot(&sent.stream)).await;
    assert_eq!((loaded.snapshots.len(), loaded.payloads()), (1, vec!["3"]));
    let of_command = begun.events_of_command(sent.stream.tenant_id, sent.command_id);
    let of_command = of_command.await.expect("a command can be looked up");
    assert_eq!(payloads(&of_command), ["1", "2"]);
    begun
        .rollback()
        .await
        .expect("a transaction is rolled back");
}

/// S19: every way to read outside.
pub(super) async fn others_see_nothing_before_the_commit(store: Subject) {
    let (before, sent) = (new_stream(), creation(CommandId::new()));
    stored(&store, append(&before, Expect::NoStream, &["0"])).await;
    let Some(begun) = begin(&store).await else {
        return;
    };
    let (stream, tenant) = (&sent.stream, sent.stream.tenant_id);
    stored_in(&*begun, sent.clone()).await;
    let appended = begun.append(append(&before, Expect::Exists, &["1"])).await;
    let recorded_at = match appended {
        Ok(Appended::Stored { recorded_at, .. }) => recorded_at,
        other => panic!("it must be stored, not {other:?}"),
    };
    let loaded = load_range(&store, with_snapshot(stream)).await;
    assert_eq!((loaded.payloads(), loaded.snapshots.len()), (vec![], 0));
    assert_eq!(events(&store, stream).await, []);
    let of_command = store.events_of_command(tenant, sent.command_id);
    assert_eq!(of_command.await.expect("a command can be looked up"), []);
    for (id, _) in sent.identified() {
        let event = store.event(tenant, id).await;
        assert_eq!(event.expect("an event can be looked up"), None);
    }
    let version = store.version_as_of(&before, AsOfTime::Recorded(recorded_at));
    assert_eq!(version.await.expect("a version is found"), Version::FIRST);
    let (log, _) = read(&store, Cursor::START, None, &LogSelection::all(), 100).await;
    assert_eq!(payloads(&log), ["0"]);
    begun
        .rollback()
        .await
        .expect("a transaction is rolled back");
}

/// S19: version, position and time.
pub(super) async fn answers_in_a_transaction_hold(store: Subject) {
    let Some(begun) = begin(&store).await else {
        return;
    };
    let (one, two) = (new_stream(), new_stream());
    let mut answers = Vec::new();
    for stream in [&one, &two, &one] {
        let appended = begun.append(append(stream, Expect::Any, &["1", "2"])).await;
        let Ok(Appended::Stored {
            version,
            position,
            recorded_at,
        }) = appended
        else {
            panic!("it must be stored, not {appended:?}");
        };
        answers.push((version, position, recorded_at));
    }
    begun.commit().await.expect("a transaction commits");
    let log = whole_log(&store, 100).await;
    let last_of_each = log.iter().skip(1).step_by(2);
    let found = last_of_each.map(|event| (event.version, event.position, event.recorded_at));
    assert_eq!(answers, found.collect::<Vec<_>>());
}

/// S4, S19: sent before it, twice in it, and after it.
pub(super) async fn a_command_in_a_transaction_has_one_effect(store: Subject) {
    let (before, within) = (creation(CommandId::new()), creation(CommandId::new()));
    stored(&store, before.clone()).await;
    let Some(begun) = begin(&store).await else {
        return;
    };
    stored_in(&*begun, within.clone()).await;
    for sent in [&before, &within] {
        was_seen(begun.append(sent.clone()).await);
        let elsewhere = Append {
            stream: new_stream(),
            ..sent.clone()
        };
        let refused = begun.append(elsewhere).await;
        assert!(
            matches!(refused, Err(StoreError::CommandIdReused { .. })),
            "a command's id for another aggregate must be refused, not {refused:?}"
        );
    }
    begun.commit().await.expect("a transaction commits");
    for sent in [before, within] {
        let stream = sent.stream.clone();
        was_seen(store.append(sent).await);
        assert_eq!(load(&store, &stream).await.payloads(), ["1", "2"]);
    }
}

fn was_seen(appended: Result<Appended, StoreError>) {
    match appended {
        Ok(Appended::Before(events)) => assert_eq!(payloads(&events), ["1", "2"]),
        other => panic!("a command that was seen is answered with its events, not {other:?}"),
    }
}

/// S2, S19: with the version that the transaction sees.
pub(super) async fn a_conflict_in_a_transaction_is_told(store: Subject) {
    let stream = new_stream();
    stored(&store, append(&stream, Expect::NoStream, &["1", "2"])).await;
    let Some(begun) = begin(&store).await else {
        return;
    };
    stored_in(&*begun, append(&stream, Expect::Exists, &["3"])).await;
    for expect in [
        Expect::NoStream,
        Expect::Version(Version::new(2)),
        Expect::Version(Version::new(4)),
    ] {
        let told = begun.append(append(&stream, expect, &["4"])).await;
        let is_told = matches!(
            &told,
            Err(StoreError::Conflict { expected, actual, .. })
                if *expected == expect && *actual == Version::new(3)
        );
        assert!(is_told, "a stream at version 3 told as {told:?}");
    }
    begun
        .rollback()
        .await
        .expect("a transaction is rolled back");
}

/// S19: after each kind of refusal it goes on, and what was appended before is there.
pub(super) async fn a_refusal_leaves_the_transaction_as_it_was(store: Subject) {
    let stream = new_stream();
    let refused: [fn(&mut Append); 3] = [
        |empty| empty.events.clear(),
        |overtaken| overtaken.expect = Expect::NoStream,
        |of_another| of_another.stream.aggregate_type = "Loan".into(),
    ];
    let Some(begun) = begin(&store).await else {
        return;
    };
    stored_in(&*begun, append(&stream, Expect::NoStream, &["1"])).await;
    for refused in refused {
        let mut wrong = append(&stream, Expect::Any, &["9"]);
        refused(&mut wrong);
        let told = begun.append(wrong).await;
        assert!(told.is_err(), "it must be refused, not {told:?}");
    }
    stored_in(&*begun, append(&stream, Expect::Any, &["2"])).await;
    begun.commit().await.expect("a transaction commits");
    assert_eq!(load(&store, &stream).await.payloads(), ["1", "2"]);
}

/// S2, S19: of transactions at once.
pub(super) async fn one_transaction_wins_each_version(store: Subject) {
    let stream = new_stream();
    stored(&store, append(&stream, Expect::NoStream, &["1"])).await;
    let mut racers = JoinSet::new();
    for _ in 0..8 {
        let (store, stream) = (store.clone(), stream.clone());
        racers.spawn(async move {
            let begun = begin(&store).await?;
            let next = append(&stream, Expect::Version(Version::FIRST), &["2"]);
            let appended = begun.append(next).await;
            match appended {
                Ok(_) => begun.commit().await.expect("the winner commits"),
                Err(StoreError::Conflict { .. }) => return Some(false),
                other => panic!("a race is won or lost, not {other:?}"),
            }
            Some(true)
        });
    }
    let won: Option<Vec<bool>> = racers.join_all().await.into_iter().collect();
    if let Some(won) = won {
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "one wins");
        assert_eq!(load(&store, &stream).await.payloads(), ["1", "2"]);
    }
}

/// S7, S8, S19: a reader sees none of them or all, in the order in which they were appended.
pub(super) async fn a_transaction_comes_to_readers_whole(store: Subject) {
    let Some(begun) = begin(&store).await else {
        return;
    };
    let (one, two) = (new_stream(), new_stream());
    for (stream, payloads) in [(&one, ["1", "2"]), (&two, ["3", "4"]), (&one, ["5", "6"])] {
        stored_in(&*begun, append(stream, Expect::Any, &payloads)).await;
    }
    let reading = async {
        loop {
            let (log, _) = read(&store, Cursor::START, None, &LogSelection::all(), 100).await;
            if !log.is_empty() {
                return log;
            }
            yield_now().await;
        }
    };
    let (log, committed) = tokio::join!(reading, begun.commit());
    committed.expect("a transaction commits");
    assert_eq!(payloads(&log), ["1", "2", "3", "4", "5", "6"]);
}

/// S14, S19: with polling switched off.
pub(super) async fn a_commit_wakes_readers(store: Subject) {
    let mut log = Reader::without_polling(&store);
    for turn in 0..20 {
        let Some(begun) = begin(&store).await else {
            return;
        };
        let payload = turn.to_string();
        stored_in(&*begun, append(&new_stream(), Expect::Any, &[&payload])).await;
        let (event, committed) = tokio::join!(log.next(), begun.commit());
        committed.expect("a transaction commits");
        assert_eq!(event.payload, payload);
    }
}

/// S15, S19: each call, dropped at any await, is done or not, and what follows goes well.
pub(super) async fn dropped_calls_leave_transactions_sound(store: Subject) {
    let Some(transact) = store.transact() else {
        return;
    };
    for round in 0..60 {
        let polls = round / 3 % 6;
        drop(poll_times(transact.begin(), polls).await);
        stored(&store, append(&new_stream(), Expect::NoStream, &["0"])).await;
        let sent = creation(CommandId::new());
        let beside = append(&new_stream(), Expect::NoStream, &["3"]);
        let begun = transact.begin().await;
        let begun = begun.expect("a transaction begins after one that was dropped");
        match round % 3 {
            0 => {
                drop(poll_times(begun.append(sent.clone()), polls).await);
                stored_in(&*begun, beside.clone()).await;
                begun.commit().await.expect("a transaction commits");
                let loaded = load(&store, &beside.stream).await;
                assert_eq!(
                    loaded.payloads(),
                    ["3"],
                    "what was appended after a dropped call"
                );
            }
            1 => {
                stored_in(&*begun, sent.clone()).await;
                drop(poll_times(begun.commit(), polls).await);
            }
            _ => {
                stored_in(&*begun, sent.clone()).await;
                drop(poll_times(begun.rollback(), polls).await);
            }
        }
        // Waits for what is under way, and settles what became of it.
        let again = store.append(sent.clone()).await;
        assert!(
            matches!(again, Ok(Appended::Stored { .. } | Appended::Before(_))),
            "sent again after a call was dropped at await {polls}: {again:?}"
        );
        assert_eq!(load(&store, &sent.stream).await.payloads(), ["1", "2"]);
    }
}

/// S18, S19: one that is open may still commit, and none begins afterwards.
pub(super) async fn close_waits_for_transactions(store: Subject) {
    let Some(begun) = begin(&store).await else {
        return;
    };
    stored_in(&*begun, creation(CommandId::new())).await;
    let committing = async {
        // By then the closing is under way.
        yield_now().await;
        begun.commit().await
    };
    let (closed, committed) = tokio::join!(store.close(), committing);
    closed.expect("a store is closed");
    committed.expect("a transaction commits beside a close");
    let begun = store.transact().expect("as before").begin().await;
    let told = begun.map(drop);
    assert!(
        matches!(told, Err(StoreError::Closed)),
        "a closed store must say so, not {told:?}"
    );
}
