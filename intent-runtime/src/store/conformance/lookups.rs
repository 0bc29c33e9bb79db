//! S7, S10: what is looked up is what is stored: by id, from the end backwards, by correlation, by time, by type.

use crate::{
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        id::{CommandId, CorrelationId, EventId, TenantId},
        metadata::Metadata,
        stream::StreamId,
        timestamp::Timestamp,
        version::Position,
    },
    store::{
        append::Expect,
        conformance::{
            Subject,
            fixture::{
                append, append_as, encoded, fill, in_new_tenant, new_stream, new_tenant, recorded,
                renamed, stored,
            },
            importing::import,
            reader::whole_log,
        },
        error::StoreError,
        lookup::{EventPage, ListStreams, LookBack, ReadCorrelation},
        selection::{EventName, LogSelection},
    },
};

async fn look(store: &Subject, look: LookBack<'_>) -> EventPage {
    store.look_back(look).await.expect("it can be looked up")
}

fn payloads(page: &EventPage) -> Vec<&str> {
    page.events.iter().map(|event| &*event.payload).collect()
}

/// S10: an event is found by its id, in its own tenant.
pub(super) async fn an_event_is_found_by_its_id(store: Subject) {
    let (stream, command) = (in_new_tenant(), CommandId::new());
    let new = append_as(command, &stream, Expect::NoStream, &["1", "2"]);
    stored(&store, new).await;
    let log = whole_log(&store, 10).await;
    let id = EventId::of(command, 1);
    let found = store.event(stream.tenant_id, id).await;
    let found = found.expect("it can be read");
    assert_eq!(found.as_ref(), log.last(), "the event of this id");
    for (tenant, id) in [
        (new_tenant(), id),
        (TenantId::DEFAULT, id),
        (stream.tenant_id, EventId::of(command, 2)),
    ] {
        let none = store.event(tenant, id).await.expect("it can be read");
        assert_eq!(none, None, "there is none in this tenant");
    }
}

/// S7, S10: from the end, or a cursor, come the newest events first, page by page, down to the start.
pub(super) async fn looking_back_finds_the_newest_first(store: Subject) {
    let (one, other) = (new_stream(), in_new_tenant());
    for (stream, payload) in [(&one, "1"), (&other, "2"), (&one, "3"), (&other, "4")] {
        stored(&store, append(stream, Expect::Any, &[payload])).await;
    }
    let all = LogSelection::all();
    let newest = look(&store, LookBack::new(&all, 3)).await;
    assert_eq!(payloads(&newest), ["4", "3", "2"], "the newest first");
    let rest = LookBack {
        from: newest.next,
        ..LookBack::new(&all, 3)
    };
    assert!(rest.from.is_some(), "there is more");
    let rest = look(&store, rest).await;
    assert_eq!((payloads(&rest), rest.next), (vec!["1"], None), "the start");
    let log = whole_log(&store, 10).await;
    assert_eq!(newest.events[0], log[3], "the whole event");

    let own = LookBack {
        tenant: Some(other.tenant_id),
        ..LookBack::new(&all, 10)
    };
    assert_eq!(payloads(&look(&store, own).await), ["4", "2"], "a tenant's");
    let (store_id, _) = newest.next.and_then(|next| next.place()).expect("a place");
    let second = Cursor::after(store_id, log[1].position);
    let from = LookBack {
        from: Some(second),
        ..own
    };
    assert_eq!(payloads(&look(&store, from).await), ["2"], "at the cursor");
    let kinds = LogSelection::all().name(EventName::new(Some("Account"), Some("Unheard")));
    let none = look(&store, LookBack::new(&kinds, 10)).await;
    assert_eq!(payloads(&none), [""; 0], "of no such name");
    for foreign in [
        Cursor::after(store_id, Position::new(1_000_000)),
        Cursor::after(uuid::Uuid::nil(), Position::new(1)),
    ] {
        let from = LookBack {
            from: Some(foreign),
            ..own
        };
        let refused = store.look_back(from).await;
        let known = matches!(refused, Err(StoreError::UnknownCursor { .. }));
        assert!(known, "a cursor that is not of this log: {refused:?}");
    }
}

/// A search finds what an actor did, and what has a text in its payload or metadata.
pub(super) async fn a_search_finds_actor_and_text(store: Subject) {
    let stream = new_stream();
    for (actor, payload) in [
        ("ada", r#"{"for":"Rent É"}"#),
        ("a\"d\\a", r#"{"for":"\u0000"}"#),
        ("eve", r#"{"for":"ada"}"#),
        ("é\u{0}", r#"{"for":"RENT é"}"#),
    ] {
        let mut new = append(&stream, Expect::Any, &[payload]);
        new.metadata = encoded(Metadata::new().actor(actor).tag("branch", "North"));
        stored(&store, new).await;
    }
    let written = r#"{"actor" : "\u0061da"}"#;
    let foreign = {
        let mut event = recorded(&new_stream(), 1, "5");
        event.metadata = crate::record::metadata::StoredMetadata::from_json(written);
        event
    };
    import(&store, &[foreign]).await;
    let all = LogSelection::all();
    let found = async |actor: Option<&str>, text: Option<&str>| {
        let search = LookBack {
            actor,
            text,
            ..LookBack::new(&all, 10)
        };
        let page = look(&store, search).await;
        page.events
            .iter()
            .map(|event| event.position.get())
            .collect::<Vec<_>>()
    };
    let log = whole_log(&store, 10).await;
    let at = |numbers: &[usize]| {
        let positions = numbers.iter().map(|number| log[number - 1].position.get());
        positions.collect::<Vec<_>>()
    };
    assert_eq!(
        found(Some("ada"), None).await,
        at(&[5, 1]),
        "however it is written"
    );
    assert_eq!(found(Some("a\"d\\a"), None).await, at(&[2]), "with a quote");
    assert_eq!(found(Some("é\u{0}"), None).await, at(&[4]), "with U+0000");
    assert_eq!(found(Some("Ada"), None).await, at(&[]), "an actor is exact");
    assert_eq!(
        found(None, Some("reNt")).await,
        at(&[4, 1]),
        "whatever the case"
    );
    assert_eq!(
        found(None, Some("rent É")).await,
        at(&[1]),
        "but of A to Z only"
    );
    assert_eq!(
        found(None, Some("NORTH")).await,
        at(&[4, 3, 2, 1]),
        "in metadata"
    );
    assert_eq!(found(None, Some("50%_")).await, at(&[]), "as it stands");
    assert_eq!(
        found(None, Some("\u{0}")).await,
        at(&[]),
        "U+0000 is written otherwise"
    );
    assert_eq!(found(Some("eve"), Some("ada")).await, at(&[3]), "both");
}

/// One step back looks at 10,000 events and says where to go on.
pub(super) async fn a_step_back_is_bounded(store: Subject) {
    let rare = in_new_tenant();
    stored(&store, append(&rare, Expect::Any, &["\"rare\""])).await;
    fill(&store, &new_stream(), 10_500).await;
    let all = LogSelection::all();
    let search = LookBack {
        text: Some("rare"),
        ..LookBack::new(&all, 10)
    };
    let first = look(&store, search).await;
    assert!(first.events.is_empty(), "not within a step of the end");
    assert!(first.next.is_some(), "there is more");
    let second = LookBack {
        from: first.next,
        ..search
    };
    let second = look(&store, second).await;
    assert_eq!(payloads(&second), ["\"rare\""], "in the next step");
    assert_eq!(second.next, None, "the start");
    let own = LookBack {
        tenant: Some(rare.tenant_id),
        ..search
    };
    let own = look(&store, own).await;
    assert_eq!(
        payloads(&own),
        ["\"rare\""],
        "a tenant's few events are one step"
    );
}

/// S6: a page has at most 8 MiB of payloads and metadata, unless its first event has more.
pub(super) async fn a_page_of_what_is_looked_up_is_bounded(store: Subject) {
    let (stream, command) = (in_new_tenant(), CommandId::new());
    let text = |mebibytes: usize| format!("\"{}\"", "x".repeat(mebibytes * 1024 * 1024));
    let (large, larger) = (text(3), text(9));
    let naming = encoded(Metadata::new().correlation_id(command.into()));
    let mut began = append_as(command, &stream, Expect::NoStream, &[&*large; 3]);
    began.metadata = naming.clone();
    stored(&store, began).await;
    let mut caused = append(&stream, Expect::Any, &["1", &large, &larger, "2"]);
    caused.metadata = naming;
    stored(&store, caused).await;
    let log = whole_log(&store, 10).await;

    let mut forwards = Vec::new();
    let mut read = ReadCorrelation::new(stream.tenant_id, command.into(), 10);
    let mut next = Some(read.after);
    while let Some(after) = next {
        read.after = after;
        let page = store.correlation(read).await.expect("it can be looked up");
        next = in_bounds(page, &mut forwards);
    }
    forwards.sort_by_key(|event| event.position);
    assert!(forwards == log, "every event of the correlation, once");

    let (all, mut backwards) = (LogSelection::all(), Vec::new());
    let mut back = LookBack::new(&all, 10);
    loop {
        back.from = in_bounds(look(&store, back).await, &mut backwards);
        if back.from.is_none() {
            break;
        }
    }
    backwards.sort_by_key(|event| event.position);
    assert!(backwards == log, "every event, once");
}

/// Takes the events of a page that is no larger than it may be, and says where the next one begins.
fn in_bounds(page: EventPage, found: &mut Vec<RecordedEvent>) -> Option<Cursor> {
    let bytes: usize = page.events.iter().map(RecordedEvent::bytes).sum();
    let few = bytes <= 8 * 1024 * 1024 || page.events.len() == 1;
    assert!(few, "a page has {bytes} bytes");
    found.extend(page.events);
    page.next
}

/// S7, S10: the events that name a correlation, and those of the command with its id, come in order, page by page.
pub(super) async fn the_events_of_a_correlation_are_found(store: Subject) {
    let (stream, command) = (in_new_tenant(), CommandId::new());
    let id = CorrelationId::from(command);
    let in_tenant = || StreamId {
        tenant_id: stream.tenant_id,
        ..new_stream()
    };
    let naming = |id: CorrelationId| encoded(Metadata::new().correlation_id(id));
    let caused = |stream: &StreamId, payload| {
        let mut append = append(stream, Expect::Any, &[payload]);
        append.metadata = naming(id);
        append
    };
    // Of a command that began it, and what follows: one of them from elsewhere, under an id that is not made from its command's.
    let mut first = append_as(command, &stream, Expect::Any, &["1", "2"]);
    first.metadata = naming(id);
    stored(&store, first).await;
    stored(&store, caused(&in_tenant(), "3")).await;
    let mut foreign = recorded(&in_tenant(), 1, "4");
    foreign.metadata = naming(id).into();
    import(&store, &[foreign]).await;
    stored(&store, caused(&stream, "5")).await;
    // A correlation of its own, another one under an id of this tenant, and the same in another tenant.
    stored(&store, append(&stream, Expect::Any, &["6"])).await;
    let (other, another) = (CommandId::new(), CommandId::new());
    let mut elsewhere = append_as(other, &stream, Expect::Any, &["7"]);
    elsewhere.metadata = naming(another.into());
    stored(&store, elsewhere).await;
    stored(&store, caused(&in_new_tenant(), "8")).await;
    let silent = append_as(another, &stream, Expect::Any, &["9"]);
    stored(&store, silent).await;

    let page = async |id, limit, after| {
        let mut read = ReadCorrelation::new(stream.tenant_id, id, limit);
        read.after = after;
        let page = store.correlation(read).await;
        page.expect("it can be looked up")
    };
    let all = page(id, 10, Cursor::START).await;
    assert_eq!(payloads(&all), ["1", "2", "3", "4", "5"]);
    assert_eq!(all.next, None, "there is no more");
    let log = whole_log(&store, 10).await;
    assert_eq!(all.events, log[..5], "the whole events");
    for limit in [0, 1, 2, 3] {
        let (mut found, mut after) = (Vec::new(), Some(Cursor::START));
        while let Some(cursor) = after {
            let part = page(id, limit, cursor).await;
            assert!(part.events.len() <= limit.max(1), "no more than asked for");
            found.extend(part.events);
            after = part.next;
        }
        assert_eq!(found, all.events, "in pages of {limit}");
    }
    let of_another = page(another.into(), 10, Cursor::START).await;
    assert_eq!(payloads(&of_another), ["7", "9"], "named, or its command's");
    let of_other = page(other.into(), 10, Cursor::START).await;
    assert_eq!(payloads(&of_other), [""; 0], "it belongs to another");
    let nowhere = ReadCorrelation::new(new_tenant(), id, 10);
    let nowhere = store.correlation(nowhere).await;
    assert_eq!(payloads(&nowhere.expect("it can be looked up")), [""; 0]);
    let (store_id, _) = page(id, 1, Cursor::START)
        .await
        .next
        .and_then(|next| next.place())
        .expect("a place");
    for foreign in [
        Cursor::after(store_id, Position::new(1_000_000)),
        Cursor::after(uuid::Uuid::nil(), Position::new(1)),
    ] {
        let mut read = ReadCorrelation::new(stream.tenant_id, id, 10);
        read.after = foreign;
        let refused = store.correlation(read).await;
        let known = matches!(refused, Err(StoreError::UnknownCursor { .. }));
        assert!(known, "a cursor that is not of this log: {refused:?}");
    }
}

/// A time is a place in the log: what was recorded at it or before stands before, the rest behind.
pub(super) async fn a_time_is_a_place_in_the_log(store: Subject) {
    let (one, other) = (new_stream(), in_new_tenant());
    let second = |second: i64| Timestamp::from_micros(second * 1_000_000).expect("a time");
    let event = |stream: &StreamId, version: u64, at: i64| -> RecordedEvent {
        let mut event = recorded(stream, version, "1");
        event.recorded_at = second(at);
        event.occurred_at = event.recorded_at;
        event
    };
    let page = [
        event(&one, 1, 10),
        event(&other, 1, 20),
        event(&one, 2, 20),
        event(&one, 3, 30),
    ];
    import(&store, &page).await;
    let log = whole_log(&store, 10).await;
    for tenant in [
        None,
        Some(one.tenant_id),
        Some(other.tenant_id),
        Some(new_tenant()),
    ] {
        let of = |event: &&RecordedEvent| tenant.is_none_or(|tenant| event.tenant_id == tenant);
        let times = log.iter().map(|event| event.recorded_at.as_micros());
        for micros in times.flat_map(|time| [time - 1, time, time + 1]) {
            let time = Timestamp::from_micros(micros).expect("a time");
            let cursor = store.cursor_at(tenant, time).await;
            let place = cursor.expect("it can be looked up").place();
            let place = place.map(|(_, position)| position);
            let before = |event: &&RecordedEvent| Some(event.position) <= place;
            let last = log.iter().filter(of).filter(before).last();
            let next = log.iter().filter(of).find(|event| !before(event));
            let (last, next) = (last.map(|it| it.recorded_at), next.map(|it| it.recorded_at));
            assert!(
                last.is_none_or(|last| last <= time),
                "{time}: behind {last:?}"
            );
            assert!(
                next.is_none_or(|next| next > time),
                "{time}: before {next:?}"
            );
        }
    }
}

/// The aggregates of a type come in the order they were begun, or the other way round, page by page.
pub(super) async fn aggregates_are_listed_in_order(store: Subject) {
    let (former, renamed) = renamed();
    let tenant = former.tenant_id;
    let another = || StreamId {
        aggregate_id: new_stream().aggregate_id,
        ..renamed.clone()
    };
    let streams = [former.clone(), another(), another(), another()];
    for stream in &streams {
        stored(&store, append(stream, Expect::NoStream, &["1", "2"])).await;
    }
    let mut loan = another();
    loan.aggregate_type = "Loan".into();
    stored(&store, append(&loan, Expect::NoStream, &["1"])).await;
    let elsewhere = StreamId {
        tenant_id: new_tenant(),
        ..another()
    };
    stored(&store, append(&elsewhere, Expect::NoStream, &["1"])).await;
    stored(&store, append(&streams[1], Expect::Any, &["3"])).await;
    let ids: Vec<_> = streams.iter().map(|stream| stream.aggregate_id).collect();
    let list = |limit| ListStreams::new(tenant, renamed.aggregate_type.clone(), limit);
    let listed = async |list: ListStreams| store.streams(list).await.expect("they can be listed");
    assert_eq!(listed(list(10)).await, ids, "under each name of the type");
    let after = ListStreams {
        after: Some(ids[0]),
        ..list(2)
    };
    assert_eq!(listed(after.clone()).await, ids[1..3], "the next page");
    let newest = ListStreams {
        newest_first: true,
        ..list(2)
    };
    assert_eq!(
        listed(newest.clone()).await,
        [ids[3], ids[2]],
        "newest first"
    );
    let older = ListStreams {
        after: Some(ids[2]),
        ..newest
    };
    assert_eq!(listed(older).await, [ids[1], ids[0]], "and on");
    let unknown = ListStreams {
        after: Some(new_stream().aggregate_id),
        ..list(2)
    };
    let refused = store.streams(unknown).await;
    let known = matches!(refused, Err(StoreError::UnknownStream { .. }));
    assert!(known, "behind one that is not there: {refused:?}");
    let other = ListStreams {
        after: Some(loan.aggregate_id),
        ..list(2)
    };
    let refused = store.streams(other).await;
    let known = matches!(refused, Err(StoreError::WrongAggregate { .. }));
    assert!(known, "behind one of another type: {refused:?}");
}
