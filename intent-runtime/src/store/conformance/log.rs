//! S7, S8, S14: the log in order, nothing skipped, nothing twice, and readers woken.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    record::{
        cursor::Cursor, event::RecordedEvent, id::AggregateId, stream::StreamId, version::Position,
    },
    store::{
        append::Expect,
        conformance::{
            Subject,
            fixture::{append, in_new_tenant, new_stream, new_tenant, stored},
            reader::{Reader, payloads, read, try_read, whole_log},
        },
        error::StoreError,
        log::{NextPage, ReadLog},
        memory::MemoryStore,
        selection::{EventName, LogSelection},
    },
};

/// S7: the log has every event of every tenant in order of position, in pages of any size.
pub(super) async fn the_log_is_read_in_order(store: Subject) {
    let streams = [new_stream(), new_stream(), in_new_tenant()];
    for turn in 0..20 {
        let stream = &streams[turn % streams.len()];
        stored(&store, append(stream, Expect::Any, &["1", "2"])).await;
    }
    let all = whole_log(&store, 1_000).await;
    assert_eq!(all.len(), 40, "every event is there");
    assert!(
        all.is_sorted_by(|one, next| one.position < next.position),
        "in order of position"
    );
    // A page of nothing would have no end, so it is one of one.
    for limit in [0, 1, 7, 40] {
        assert_eq!(whole_log(&store, limit).await, all, "in pages of {limit}");
    }
    for stream in &streams {
        let own = all
            .iter()
            .filter(|event| event.aggregate_id == stream.aggregate_id);
        for (version, event) in (1..).zip(own) {
            assert_eq!(event.version.get(), version, "in order of version");
            assert_eq!(event.tenant_id, stream.tenant_id, "with its tenant");
        }
    }
}

/// S7: a cursor is where the next reading goes on, also as text; nothing behind it is an empty page.
pub(super) async fn a_cursor_goes_on_where_it_stopped(store: Subject) {
    let stream = new_stream();
    stored(&store, append(&stream, Expect::Any, &["1", "2", "3"])).await;
    let (first, page) = read(&store, Cursor::START, None, &LogSelection::all(), 2).await;
    assert_eq!(payloads(&first), ["1", "2"]);
    assert_eq!(page.next, NextPage::More, "there is more");
    let kept: Cursor = page.cursor.to_string().parse().expect("it was written so");
    let (second, page) = read(&store, kept, None, &LogSelection::all(), 2).await;
    assert_eq!(payloads(&second), ["3"]);
    let (none, at_end) = read(&store, page.cursor, None, &LogSelection::all(), 2).await;
    assert!(none.is_empty(), "nothing is there twice");
    assert_eq!((at_end.next, at_end.cursor), (NextPage::End, page.cursor));
    stored(&store, append(&stream, Expect::Any, &["4"])).await;
    let (fourth, _) = read(&store, at_end.cursor, None, &LogSelection::all(), 2).await;
    assert_eq!(payloads(&fourth), ["4"], "what came later is found");
}

/// S7: only what is wanted is given, and the cursor goes past the rest.
pub(super) async fn a_filter_gives_what_is_wanted(store: Subject) {
    let (account, loan) = (new_stream(), named("Loan"));
    stored(&store, append(&account, Expect::Any, &["1"])).await;
    stored(&store, append(&loan, Expect::Any, &["2"])).await;
    let mut closed = append(&account, Expect::Any, &["3"]);
    closed.events[0].event_type = "Closed".into();
    stored(&store, closed).await;
    let all = LogSelection::all;
    let name = EventName::new;
    let (id, is_account) = (account.aggregate_id, name(Some("Account"), None));
    for (filter, wanted) in [
        (all(), vec!["1", "2", "3"]),
        (all().name(name(None, None)), vec!["1", "2", "3"]),
        (all().name(name(Some("Loan"), None)), vec!["2"]),
        (
            all()
                .name(name(Some("Loan"), None))
                .name(is_account.clone()),
            vec!["1", "2", "3"],
        ),
        (all().name(name(None, Some("Deposited"))), vec!["1", "2"]),
        (
            all().name(name(Some("Account"), Some("Deposited"))),
            vec!["1"],
        ),
        (
            all()
                .name(name(Some("Account"), Some("Closed")))
                .name(name(Some("Loan"), Some("Deposited"))),
            vec!["2", "3"],
        ),
        (
            all()
                .name(is_account)
                .name(name(Some("Loan"), Some("Closed"))),
            vec!["1", "3"],
        ),
        (all().name(name(Some("Loan"), Some("Closed"))), vec![]),
        (all().aggregate_id(id), vec!["1", "3"]),
        (
            all().aggregate_id(id).aggregate_id(loan.aggregate_id),
            vec!["1", "2", "3"],
        ),
        (
            all().aggregate_id(id).name(name(None, Some("Closed"))),
            vec!["3"],
        ),
        (
            all()
                .aggregate_id(loan.aggregate_id)
                .name(name(None, Some("Closed"))),
            vec![],
        ),
        (all().name(name(None, Some("Opened"))), vec![]),
    ] {
        let (events, page) = read(&store, Cursor::START, None, &filter, 10).await;
        assert_eq!(payloads(&events), wanted, "{filter:?}");
        let (rest, _) = read(&store, page.cursor, None, &all(), 10).await;
        assert!(rest.is_empty(), "the cursor is at the end: {filter:?}");
    }
}

/// S7: a page of a tenant's events, or of those of some aggregates, has what is wanted up to its cursor, and nothing behind.
pub(super) async fn a_page_of_a_part_ends_where_it_says(store: Subject) {
    let (one, other) = (in_new_tenant(), new_stream());
    for _ in 0..3 {
        for stream in [&one, &other, &in_new_tenant()] {
            stored(&store, append(stream, Expect::Any, &["1", "2"])).await;
        }
    }
    let whole = whole_log(&store, 100).await;
    let (all, of_id) = (
        LogSelection::all(),
        LogSelection::all().aggregate_id(one.aggregate_id),
    );
    let of_both = of_id.clone().aggregate_id(other.aggregate_id);
    for (tenant, filter) in [
        (Some(one.tenant_id), &all),
        (Some(other.tenant_id), &all),
        (Some(one.tenant_id), &of_id),
        (None, &of_id),
        (None, &of_both),
    ] {
        let is_behind = |event: &RecordedEvent, cursor: Cursor| {
            cursor
                .place()
                .is_none_or(|(_, position)| event.position > position)
        };
        let is_wanted = |event: &RecordedEvent| {
            tenant.is_none_or(|tenant| event.tenant_id == tenant) && filter.has(event)
        };
        let wanted = |after: Cursor| -> Vec<RecordedEvent> {
            let behind = whole.iter().filter(|event| is_behind(event, after));
            behind.filter(|event| is_wanted(event)).cloned().collect()
        };
        for limit in [1, 3, 4] {
            let mut after = Cursor::START;
            loop {
                let (mut events, page) = read(&store, after, tenant, filter, limit).await;
                // Whether others are given too is what other rules look at.
                events.retain(is_wanted);
                let mut there = wanted(after);
                there.retain(|event| !is_behind(event, page.cursor));
                assert_eq!(events, there, "after {after} up to {}", page.cursor);
                if page.next == NextPage::End {
                    assert_eq!(wanted(page.cursor), [], "at the end");
                    break;
                }
                assert_ne!(page.cursor, after, "a page goes on");
                after = page.cursor;
            }
        }
    }
}

/// S10: a tenant's log has that tenant's events.
pub(super) async fn a_tenants_log_is_its_own(store: Subject) {
    let (one, other) = (in_new_tenant(), in_new_tenant());
    for stream in [&one, &other, &one] {
        stored(&store, append(stream, Expect::Any, &["1"])).await;
    }
    let mut after = Cursor::START;
    let mut found = Vec::new();
    loop {
        let (events, page) =
            read(&store, after, Some(one.tenant_id), &LogSelection::all(), 1).await;
        found.extend(events);
        after = page.cursor;
        if page.next == NextPage::End {
            break;
        }
    }
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|event| event.tenant_id == one.tenant_id));
    let nobody = Some(new_tenant());
    let (none, page) = read(&store, Cursor::START, nobody, &LogSelection::all(), 10).await;
    assert!(none.is_empty(), "a tenant without events has none");
    assert_ne!(
        page.cursor,
        Cursor::START,
        "and need not look at them again"
    );
}

/// S7, S13: a store has the id that its cursors name, and so has a transaction in it.
pub(super) async fn cursors_name_the_store(store: Subject) {
    stored(&store, append(&new_stream(), Expect::Any, &["1"])).await;
    let (_, page) = read(&store, Cursor::START, None, &LogSelection::all(), 10).await;
    let named = page.cursor.place().map(|(id, _)| id);
    assert_eq!(Some(store.store_id()), named);
    if let Some(transact) = store.transact() {
        let begun = transact.begin().await.expect("it begins");
        assert_eq!(Some(begun.store_id()), named, "in a transaction");
        begun.rollback().await.expect("it is rolled back");
    }
}

/// S13: a cursor of another store, or one beyond the end, is refused.
pub(super) async fn a_foreign_cursor_is_refused(store: Subject) {
    stored(&store, append(&new_stream(), Expect::Any, &["1"])).await;
    let (_, page) = read(&store, Cursor::START, None, &LogSelection::all(), 10).await;
    let (own, _) = page.cursor.place().expect("an event was read");
    let beyond = Cursor::after(own, Position::new(1_000_000));
    let other: Subject = Arc::new(MemoryStore::new());
    stored(&other, append(&new_stream(), Expect::Any, &["1"])).await;
    let (_, foreign) = read(&other, Cursor::START, None, &LogSelection::all(), 10).await;
    for cursor in [
        beyond,
        foreign.cursor,
        Cursor::after(Uuid::nil(), Position::new(1)),
    ] {
        match try_read(&*store, cursor, None, &LogSelection::all(), 10).await {
            Err(StoreError::UnknownCursor { cursor: named, .. }) => assert_eq!(named, cursor),
            other => panic!("{cursor} must be refused, not {other:?}"),
        }
    }
}

/// S7: a sink that breaks ends the page behind the event it was given.
pub(super) async fn a_sink_ends_the_page(store: Subject) {
    stored(&store, append(&new_stream(), Expect::Any, &["1", "2", "3"])).await;
    let filter = LogSelection::all();
    let read_one = ReadLog {
        after: Cursor::START,
        tenant: None,
        filter: &filter,
        limit: 10,
    };
    let page = store
        .read_log(read_one, &mut |_| ControlFlow::Break(()))
        .await;
    let page = page.expect("the log can be read");
    let (rest, _) = read(&store, page.cursor, None, &filter, 10).await;
    assert_eq!(payloads(&rest), ["2", "3"]);
}

/// S7, S8: readers that begin at any time, beside many writers, see every event once, streams in order of version.
pub(super) async fn readers_beside_writers_miss_nothing(store: Subject) {
    const WRITERS: usize = 8;
    const APPENDS: usize = 40;
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            let streams = [new_stream(), in_new_tenant()];
            for turn in 0..APPENDS {
                let stream = &streams[turn % streams.len()];
                stored(&store, append(stream, Expect::Any, &["1", "2"])).await;
            }
        });
    }
    let mut readers = JoinSet::new();
    for _ in 0..3 {
        let mut log = Reader::new(&store);
        readers.spawn(async move {
            let mut seen = Vec::new();
            while seen.len() < WRITERS * APPENDS * 2 {
                seen.push(log.next().await);
            }
            seen
        });
        tokio::task::yield_now().await;
    }
    writers.join_all().await;
    let all = whole_log(&store, 10_000).await;
    assert_eq!(all.len(), WRITERS * APPENDS * 2, "nothing is missing");
    for seen in readers.join_all().await {
        assert_eq!(seen, all, "each reader saw the same log");
    }
}

/// S14: a waiting reader is woken by an append, with polling switched off.
pub(super) async fn a_waiting_reader_is_woken(store: Subject) {
    let mut log = Reader::without_polling(&store);
    for turn in 0..20 {
        let (stream, payload) = (new_stream(), turn.to_string());
        let append = append(&stream, Expect::Any, &[&payload]);
        let (event, _) = tokio::join!(log.next(), stored(&store, append));
        assert_eq!(event.payload, payload);
    }
}

/// S15: a reader that is cancelled while it waits or reads loses nothing.
pub(super) async fn a_cancelled_reader_loses_nothing(store: Subject) {
    let mut log = Reader::new(&store);
    let mut seen = Vec::new();
    for turn in 0..30_u64 {
        let payload = turn.to_string();
        stored(&store, append(&new_stream(), Expect::Any, &[&payload])).await;
        let brief = Duration::from_micros(turn * 40);
        if let Ok(event) = tokio::time::timeout(brief, log.next()).await {
            seen.push(event);
        }
    }
    while seen.len() < 30 {
        seen.push(log.next().await);
    }
    let expected: Vec<String> = (0..30).map(|turn| turn.to_string()).collect();
    assert_eq!(payloads(&seen), expected);
}

fn named(aggregate_type: &'static str) -> StreamId {
    StreamId {
        aggregate_type: aggregate_type.into(),
        aggregate_id: AggregateId::from_uuid(Uuid::now_v7()),
        ..new_stream()
    }
}
