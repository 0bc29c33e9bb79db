//! S16: events that other builds recorded are copied unchanged, also with newer metadata or an older name.

use crate::{
    record::{
        event::RecordedEvent,
        id::{CommandId, EventId},
        metadata::StoredMetadata,
        timestamp::Timestamp,
        version::Version,
    },
    store::{
        AsOfTime,
        append::{Append, Expect},
        conformance::{
            Subject,
            fixture::{append, events, new_stream, recorded, renamed, stored},
            importing::{import, refused, without_positions},
            reader::whole_log,
        },
        import::{ImportRefusal, Imported},
        invalid::InvalidAppend,
    },
};

fn known(known: usize) -> Imported {
    Imported { stored: 0, known }
}

/// The event with other metadata, and the time that this says.
fn with_metadata(event: RecordedEvent, json: &str) -> RecordedEvent {
    let mut event = RecordedEvent {
        metadata: StoredMetadata::from_json(json),
        ..event
    };
    if let Ok(metadata) = event.metadata() {
        event.occurred_at = metadata.timestamp.unwrap_or(event.recorded_at);
    }
    event
}

/// S16: metadata with fields that this build does not know, in whatever order and spacing, comes back to the byte.
pub(super) async fn metadata_of_a_newer_build_is_kept(store: Subject) {
    let stream = new_stream();
    let command = CommandId::new();
    let texts = [
        r#"{"mood":{"a":[1.0,1e0,"ä"]},"actor":"ada","timestamp":"2026-01-01T01:00:00+01:00"}"#,
        r#" { "tags": {"k":"v"} , "actor" : null, "number": 123456789012345678901234567890 } "#,
        "{\n\"role\": \"teller\",\r\n\"new\": true}",
        r#"{"new":"\u0000"}"#,
    ];
    let page: Vec<_> = (0..)
        .zip(texts)
        .map(|(index, text)| RecordedEvent {
            id: EventId::of(command, index),
            ..with_metadata(recorded(&stream, u64::from(index) + 1, "1"), text)
        })
        .collect();
    import(&store, &page).await;
    let kept = whole_log(&store, 2).await;
    assert_eq!(without_positions(&kept), page, "in the log");
    let json: Vec<_> = kept.iter().map(|event| event.metadata.json()).collect();
    assert_eq!(json, texts, "to the byte");
    assert_eq!(
        kept[0].metadata().expect("it can be read").actor.as_deref(),
        Some("ada"),
        "what is known is read"
    );
    assert_eq!(
        without_positions(&events(&store, &stream).await),
        page,
        "in the stream"
    );
    let of_command = store.events_of_command(stream.tenant_id, command).await;
    assert_eq!(
        without_positions(&of_command.expect("it can be read")),
        page,
        "by their command"
    );
    let time = page[0].occurred_at;
    let before = Timestamp::from_micros(time.as_micros() - 1).expect("a time of our calendar");
    for (time, version) in [(before, Version::NONE), (time, Version::new(4))] {
        let then = store.version_as_of(&stream, AsOfTime::Occurred(time)).await;
        assert_eq!(then.expect("it can be read"), version, "by its own time");
    }
    assert_eq!(import(&store, &page).await, known(4));
    let other = with_metadata(page[3].clone(), r#"{"new":"other"}"#);
    assert_eq!(refused(&store, &[other], 0).await, ImportRefusal::Differs);
}

/// S16: what is not metadata is refused, as is an event whose own time is not the one that its metadata says.
pub(super) async fn metadata_that_no_build_writes_is_refused(store: Subject) {
    let first = recorded(&new_stream(), 1, "1");
    for json in [
        r#"{"actor":7}"#,
        r#"{"timestamp":"yesterday"}"#,
        r#"{"traceparent":"no trace"}"#,
        r#""ada""#,
        "{",
        r#"["ada",null,null,null,null,null,null,null,null,null,{},null]"#,
    ] {
        let event = with_metadata(first.clone(), json);
        assert_eq!(
            refused(&store, &[event], 0).await,
            ImportRefusal::Metadata,
            "{json}"
        );
    }
    let mut elsewhen = with_metadata(first.clone(), r#"{"timestamp":"2026-01-01T00:00:00Z"}"#);
    elsewhen.occurred_at = elsewhen.recorded_at;
    assert_eq!(
        refused(&store, &[elsewhen], 0).await,
        ImportRefusal::Metadata
    );
    let nested = |depth: usize| {
        let lists = depth - 1;
        let (open, close) = ("[".repeat(lists), "]".repeat(lists));
        let time = r#""timestamp":"2026-01-01T00:00:00.000000Z""#;
        with_metadata(first.clone(), &format!(r#"{{"new":{open}{close},{time}}}"#))
    };
    let too_deep = nested(Append::MAX_DEPTH + 1);
    let refusal = refused(&store, &[too_deep], 0).await;
    let by_depth = matches!(
        refusal,
        ImportRefusal::Invalid(InvalidAppend::TooDeep { .. })
    );
    assert!(by_depth, "{refusal:?}");
    assert!(whole_log(&store, 10).await.is_empty(), "nothing is stored");

    // What is as deep as may be has a time like any other.
    import(&store, &[nested(Append::MAX_DEPTH)]).await;
    let then = AsOfTime::Occurred(Timestamp::MAX);
    let version = store.version_as_of(&first.stream(), then).await;
    assert_eq!(version.expect("it can be read"), Version::FIRST);
}

/// S16: a stream of a renamed type is copied under the name that it was begun under, goes on under the new one, and can be
/// copied again.
pub(super) async fn a_copied_stream_outlives_a_renamed_type(store: Subject) {
    let (former, renamed) = renamed();
    let page: Vec<_> = (1..=3).map(|n| recorded(&former, n, "1")).collect();
    import(&store, &page[..2]).await;
    let resumed = import(&store, &page).await;
    assert_eq!(
        resumed,
        Imported {
            stored: 1,
            known: 2
        }
    );
    let next = append(&renamed, Expect::Version(Version::new(3)), &["4"]);
    assert_eq!(stored(&store, next).await, Version::new(4));
    let all = events(&store, &renamed).await;
    assert!(
        all.iter().all(|event| event.aggregate_type == "Account"),
        "it keeps its name"
    );
    assert_eq!(import(&store, &all).await, known(4), "its own export fits");
    let anew = RecordedEvent {
        aggregate_type: "Ledger".into(),
        ..recorded(&former, 5, "5")
    };
    assert_eq!(
        refused(&store, &[anew], 0).await,
        ImportRefusal::WrongAggregate {
            found: "Account".into()
        },
        "a stream has one name"
    );
}
