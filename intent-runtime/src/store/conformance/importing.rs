//! S16: events that were recorded elsewhere, stored as they are.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;

use crate::{
    record::{
        event::RecordedEvent,
        id::{CommandId, EventId},
        metadata::Metadata,
        stream::StreamId,
        timestamp::Timestamp,
        version::{Position, Version},
    },
    store::{
        AsOfTime,
        append::{Append, Appended, Expect},
        conformance::{
            Subject,
            fixture::{
                append, append_as, encoded, events, in_new_tenant, load_range, new_stream,
                new_tenant, recorded, snapshot, stored, with_snapshot,
            },
            payloads::AWKWARD,
            reader::{Reader, payloads, whole_log},
        },
        error::StoreError,
        import::{ImportRefusal, Imported},
        invalid::InvalidAppend,
    },
};

/// S16: every column comes back as it was recorded, payloads to the byte; the log has them in the order given.
pub(super) async fn imported_events_are_as_they_were_recorded(store: Subject) {
    stored(&store, append(&new_stream(), Expect::Any, &["0"])).await;
    let streams = [new_stream(), in_new_tenant(), new_stream()];
    let deep = format!(
        "{}1{}",
        "[".repeat(Append::MAX_DEPTH),
        "]".repeat(Append::MAX_DEPTH)
    );
    let texts = AWKWARD.into_iter().chain([" {\"spaced\": 1}\n", &deep]);
    let mut page = Vec::new();
    for (number, payload) in (0..).zip(texts) {
        let version = number / streams.len() as u64 + 1;
        let mut event = recorded(&streams[page.len() % streams.len()], version, payload);
        event.event_type = format!("Awkward {number} ä").into();
        event.schema_version = u32::MAX;
        event.recorded_at = Timestamp::from_micros(number.cast_signed() * 7 - 20).unwrap();
        let happened = Timestamp::from_micros(-number.cast_signed()).unwrap();
        let metadata = Metadata::new().actor("ädä \u{0}").tag("k", "v");
        event.metadata = encoded(metadata.timestamp(happened)).into();
        event.occurred_at = happened;
        page.push(event);
    }
    let imported = import(&store, &page).await;
    assert_eq!(
        imported,
        Imported {
            stored: page.len(),
            known: 0
        }
    );

    let mut log = whole_log(&store, 7).await;
    assert_eq!(log.remove(0).payload, "0", "what was there comes first");
    assert!(
        log.is_sorted_by(|one, next| one.position < next.position),
        "positions are the store's own and grow"
    );
    assert_eq!(
        without_positions(&log),
        page,
        "as they were recorded, in order"
    );
    for stream in &streams {
        let own = page.iter().filter(|event| event.stream() == *stream);
        let own: Vec<_> = own.cloned().collect();
        assert_eq!(without_positions(&events(&store, stream).await), own);
    }
}

/// S12, S16: a payload of 16 MiB is imported as it is.
pub(super) async fn an_imported_payload_of_16_mib_is_kept(store: Subject) {
    let stream = new_stream();
    let largest = format!("\"{}\"", "x".repeat(Append::MAX_PAYLOAD - 2));
    let page = [recorded(&stream, 1, &largest), recorded(&stream, 2, "2")];
    import(&store, &page).await;
    let kept = events(&store, &stream).await;
    assert!(without_positions(&kept) == page, "both come back");
}

/// S16: what is there already is not stored again, whether it was imported before or recorded here.
pub(super) async fn an_import_goes_on_without_doubling(store: Subject) {
    let stream = in_new_tenant();
    let page: Vec<_> = (1..=6).map(|n| recorded(&stream, n, "1")).collect();
    import(&store, &page[..4]).await;
    let again = import(&store, &page[..4]).await;
    assert_eq!(
        again,
        Imported {
            stored: 0,
            known: 4
        }
    );
    let overlapping = import(&store, &page[2..]).await;
    assert_eq!(
        overlapping,
        Imported {
            stored: 2,
            known: 2
        }
    );
    stored(&store, append(&stream, Expect::Any, &["7"])).await;
    let all = events(&store, &stream).await;
    assert_eq!(without_positions(&all[..6]), page, "each is there once");
    let own = import(&store, &all).await;
    assert_eq!(
        own,
        Imported {
            stored: 0,
            known: 7
        },
        "its own too"
    );
    assert_eq!(events(&store, &stream).await, all, "and nothing changed");
}

/// S16: a page with one event that contradicts what is stored leaves nothing behind.
pub(super) async fn a_refused_page_leaves_nothing(store: Subject) {
    let (one, other) = (new_stream(), in_new_tenant());
    let page = [
        recorded(&one, 1, "1"),
        recorded(&other, 1, "1"),
        recorded(&one, 3, "3"),
    ];
    let refusal = refused(&store, &page, 2).await;
    assert_eq!(
        refusal,
        ImportRefusal::Gap {
            actual: Version::FIRST
        }
    );
    assert!(whole_log(&store, 10).await.is_empty(), "nothing is stored");
}

/// S16: a stream with other events, a gap, another type, an event that was altered: each error names stream and version.
pub(super) async fn what_contradicts_is_refused(store: Subject) {
    let stream = new_stream();
    let kept = [recorded(&stream, 1, "1"), recorded(&stream, 2, "2")];
    import(&store, &kept).await;
    let actual = Version::new(2);

    let other = [kept[0].clone(), recorded(&stream, 2, "2")];
    assert_eq!(
        refused(&store, &other, 1).await,
        ImportRefusal::Occupied { actual },
        "another event of the version"
    );
    let none = [recorded(&stream, 0, "0")];
    assert_eq!(
        refused(&store, &none, 0).await,
        ImportRefusal::Occupied { actual },
        "version 0"
    );
    let gap = [recorded(&stream, 4, "4")];
    assert_eq!(
        refused(&store, &gap, 0).await,
        ImportRefusal::Gap { actual },
        "version 3 is missing"
    );
    let headless = [recorded(&new_stream(), 2, "2")];
    assert_eq!(
        refused(&store, &headless, 0).await,
        ImportRefusal::Gap {
            actual: Version::NONE
        },
        "a stream that does not exist"
    );
    let loan = StreamId {
        aggregate_type: "Loan".into(),
        ..stream.clone()
    };
    assert_eq!(
        refused(&store, &[recorded(&loan, 3, "3")], 0).await,
        ImportRefusal::WrongAggregate {
            found: "Account".into()
        },
        "a stream of another type"
    );
    let fresh = new_stream();
    let fresh_loan = StreamId {
        aggregate_type: "Loan".into(),
        ..fresh.clone()
    };
    let mixed = [recorded(&fresh, 1, "1"), recorded(&fresh_loan, 2, "2")];
    assert_eq!(
        refused(&store, &mixed, 1).await,
        ImportRefusal::WrongAggregate {
            found: "Account".into()
        },
        "a page that gives a stream two types"
    );
    for alter in ALTERATIONS {
        let mut altered = kept[1].clone();
        alter(&mut altered);
        assert_eq!(
            refused(&store, &[altered.clone()], 0).await,
            ImportRefusal::Differs,
            "an event that was altered: {altered:?}"
        );
    }
    let stands = without_positions(&events(&store, &stream).await);
    assert_eq!(stands, kept, "nothing changed");
}

/// Makes another event of one.
type Alteration = fn(&mut RecordedEvent);

/// One for each column but the id and the tenant, which say which event it is.
const ALTERATIONS: [Alteration; 8] = [
    |event| event.payload = "2 ".into(),
    |event| event.event_type = "Withdrawn".into(),
    |event| event.schema_version = 2,
    |event| event.version = Version::new(3),
    |event| event.metadata = encoded(Metadata::new().actor("eve")).into(),
    |event| {
        event.recorded_at = Timestamp::now();
        event.occurred_at = event.recorded_at;
    },
    |event| event.aggregate_type = "Loan".into(),
    |event| event.aggregate_id = new_stream().aggregate_id,
];

/// S13, S16: an event beyond the limits is refused before anything is written.
pub(super) async fn an_import_beyond_the_limits_is_refused(store: Subject) {
    let stream = new_stream();
    let first = recorded(&stream, 1, "1");
    let name = |name: &str| InvalidAppend::Name {
        name: name.to_owned(),
        limit: Append::MAX_NAME,
    };
    let too_large = InvalidAppend::TooLarge {
        what: "Deposited".into(),
        bytes: Append::MAX_PAYLOAD + 2,
        limit: Append::MAX_PAYLOAD,
    };
    let version_0 = InvalidAppend::SchemaVersion {
        event: "Deposited".into(),
    };
    let wrong: [(Alteration, ImportRefusal); 7] = [
        (
            |event| event.event_type = "".into(),
            ImportRefusal::Invalid(name("")),
        ),
        (
            |event| event.aggregate_type = "a\nb".into(),
            ImportRefusal::Invalid(name("a\nb")),
        ),
        (
            |event| event.schema_version = 0,
            ImportRefusal::Invalid(version_0),
        ),
        (
            |event| event.version = Version::new(u64::MAX),
            ImportRefusal::Invalid(InvalidAppend::VersionOverflow),
        ),
        (
            |event| event.payload = format!("\"{}\"", "x".repeat(Append::MAX_PAYLOAD)),
            ImportRefusal::Invalid(too_large),
        ),
        (
            |event| event.payload = "{\"cut".into(),
            ImportRefusal::NotJson,
        ),
        (
            |event| event.id = EventId::of(fixed_command(), 0),
            ImportRefusal::Repeated,
        ),
    ];
    for (spoil, refusal) in wrong {
        let mut page = [first.clone(), recorded(&stream, 2, "2")];
        page[0].id = EventId::of(fixed_command(), 0);
        spoil(&mut page[1]);
        assert_eq!(refused(&store, &page, 1).await, refusal);
    }
    let many = vec![first; Append::MAX_EVENTS + 1];
    let refusal = refused(&store, &many, 0).await;
    assert!(
        matches!(
            refusal,
            ImportRefusal::Invalid(InvalidAppend::TooMany { .. })
        ),
        "{refusal:?}"
    );
    assert!(whole_log(&store, 10).await.is_empty(), "nothing is stored");
    assert_eq!(
        import(&store, &[]).await,
        Imported::default(),
        "no events are none"
    );
}

/// S16: an imported stream is like any other: it is appended to, snapshots are kept, times are looked back to, and the
/// commands of its events are known.
pub(super) async fn an_imported_stream_goes_on(store: Subject) {
    let (stream, command) = (new_stream(), CommandId::new());
    let page: Vec<_> = (0..3)
        .map(|index| RecordedEvent {
            id: EventId::of(command, index),
            ..recorded(&stream, u64::from(index) + 1, "1")
        })
        .collect();
    import(&store, &page).await;
    let again = append_as(command, &stream, Expect::NoStream, &["1", "1", "1"]);
    match store.append(again).await {
        Ok(Appended::Before(before)) => assert_eq!(without_positions(&before), page),
        other => panic!("the command is known, so not {other:?}"),
    }
    let found = store.events_of_command(stream.tenant_id, command).await;
    assert_eq!(without_positions(&found.unwrap()), page);
    let time = AsOfTime::Recorded(page[1].recorded_at);
    let then = store.version_as_of(&stream, time).await.unwrap();
    assert_eq!(
        then,
        Version::new(2),
        "by the time it was recorded elsewhere"
    );
    store
        .save_snapshot(&stream, snapshot(3, "{}"))
        .await
        .unwrap();
    let next = append(&stream, Expect::Version(Version::new(3)), &["4"]);
    assert_eq!(stored(&store, next).await, Version::new(4));
    let loaded = load_range(&store, with_snapshot(&stream)).await;
    assert_eq!((loaded.snapshots.len(), loaded.payloads()), (1, vec!["4"]));
}

/// S10, S16: the same ids in another tenant are other events.
pub(super) async fn an_import_stays_in_its_tenants(store: Subject) {
    let one = in_new_tenant();
    let page = [recorded(&one, 1, "1"), recorded(&one, 2, "2")];
    import(&store, &page).await;
    let copy = page.clone().map(|event| RecordedEvent {
        tenant_id: new_tenant(),
        ..event
    });
    let headless = refused(&store, &copy[1..], 0).await;
    assert_eq!(
        headless,
        ImportRefusal::Gap {
            actual: Version::NONE
        }
    );
    let copied = import(&store, &copy[..1]).await;
    assert_eq!(
        copied,
        Imported {
            stored: 1,
            known: 0
        }
    );
    let kept = events(&store, &copy[0].stream()).await;
    assert_eq!(without_positions(&kept), copy[..1]);
    assert_eq!(events(&store, &one).await.len(), 2);
}

/// S7, S8, S16: beside imports and appends, also to the same streams and of the same pages, a reader of the log sees each
/// event once and in order, and every page is whole.
pub(super) async fn imports_beside_appends_keep_the_log_whole(store: Subject) {
    const IMPORTS: u64 = 20;
    const PAGE: u64 = 10;
    let mut readers = JoinSet::new();
    let last = new_stream();
    for _ in 0..2 {
        let mut log = Reader::new(&store);
        let last = last.clone();
        readers.spawn(async move {
            let mut seen = Vec::new();
            loop {
                let event = log.next().await;
                let end = event.aggregate_id == last.aggregate_id;
                seen.push(event);
                if end {
                    return seen;
                }
            }
        });
    }
    let shared = in_new_tenant();
    let mut writers = JoinSet::new();
    for _ in 0..4 {
        let (store, shared) = (Arc::clone(&store), shared.clone());
        writers.spawn(async move {
            for _ in 0..IMPORTS {
                stored(&store, append(&shared, Expect::Any, &["1", "2"])).await;
                let streams = [new_stream(), in_new_tenant()];
                let page: Vec<_> = (1..=PAGE / 2)
                    .flat_map(|n| streams.each_ref().map(|stream| recorded(stream, n, "3")))
                    .collect();
                let twice = (store.import(page.clone()), store.import(page));
                let (one, other) = tokio::join!(twice.0, twice.1);
                let stored = one.expect("imported").stored + other.expect("imported").stored;
                assert_eq!(stored as u64, PAGE, "of two at once, one stores the page");
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.expect("a writer ends well");
    }
    stored(&store, append(&last, Expect::Any, &["4"])).await;
    let all = whole_log(&store, 10_000).await;
    assert_eq!(all.len() as u64, 4 * IMPORTS * (2 + PAGE) + 1);
    while let Some(seen) = readers.join_next().await {
        assert_eq!(
            seen.expect("a reader ends well"),
            all,
            "each reader saw the same log"
        );
    }
}

/// S14, S16: a waiting reader is woken by an import, with polling switched off.
pub(super) async fn an_import_wakes_readers(store: Subject) {
    let mut log = Reader::without_polling(&store);
    for turn in 0..5 {
        let payload = turn.to_string();
        let page = [recorded(&new_stream(), 1, &payload)];
        let (event, _) = tokio::join!(log.next(), import(&store, &page));
        assert_eq!(event.payload, payload);
    }
}

/// S15, S16: an import that is cancelled is whole or not there, and can be done again.
pub(super) async fn a_cancelled_import_is_whole_or_not_there(store: Subject) {
    for turn in 0..20_u64 {
        let stream = new_stream();
        let page: Vec<_> = (1..=20).map(|n| recorded(&stream, n, "1")).collect();
        let brief = Duration::from_micros(turn * 100);
        let _ = tokio::time::timeout(brief, store.import(page.clone())).await;
        let again = import(&store, &page).await;
        assert!(
            [again.stored, again.known] == [20, 0] || [again.stored, again.known] == [0, 20],
            "{again:?}"
        );
        let kept = events(&store, &stream).await;
        assert_eq!(payloads(&kept).len(), 20);
    }
}

fn fixed_command() -> CommandId {
    CommandId::from_uuid(uuid::Uuid::from_u128(
        0x0190_0000_0000_7000_8000_0000_0000_0001,
    ))
}

pub(super) async fn import(store: &Subject, page: &[RecordedEvent]) -> Imported {
    let imported = store.import(page.to_vec()).await;
    imported.expect("the page can be imported")
}

/// The refusal of a page, which must name the event at this index.
pub(super) async fn refused(
    store: &Subject,
    page: &[RecordedEvent],
    index: usize,
) -> ImportRefusal {
    match store.import(page.to_vec()).await {
        Err(StoreError::ImportRefused {
            stream,
            version,
            source,
        }) => {
            let event = &page[index];
            assert_eq!((stream, version), (event.stream(), event.version));
            source
        }
        other => panic!("the page must be refused, not {other:?}"),
    }
}

pub(super) fn without_positions(events: &[RecordedEvent]) -> Vec<RecordedEvent> {
    let events = events.iter().cloned();
    events
        .map(|event| RecordedEvent {
            position: Position::new(0),
            ..event
        })
        .collect()
}
