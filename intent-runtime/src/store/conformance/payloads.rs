//! S12: any JSON up to 16 MiB comes back unchanged to the byte.

use crate::{
    record::{metadata::Metadata, version::Version},
    store::{
        append::{Append, Expect},
        conformance::{
            Subject,
            fixture::{
                append, encoded, events, load, load_range, new_stream, snapshot, stored,
                with_snapshot,
            },
        },
    },
};

/// JSON that a careless store would change.
pub(super) const AWKWARD: [&str; 17] = [
    "{}",
    "[]",
    "null",
    "\"\"",
    "-0",
    "-0.0",
    "1e400",
    "1E-400",
    "18446744073709551616",
    "123456789012345678901234567890",
    "0.123456789012345678901234567890",
    "{ \"a\" :\t[ 1 ,\n 2 ]\r\n}",
    r#"{"b":1,"a":2,"b":3}"#,
    r#""\u0000\u001e\u001f\uD83D\uDE00\/\b\f""#,
    "\"\u{7f}\u{80}\u{2028}\u{feff}\u{10ffff}\"",
    r#"{"":"","💶":"naïve — 日本語"}"#,
    r#""' '' ? ?1 :a $b -- /* ; %s""#,
];

/// S12: spacing, escapes, long numbers, deep nesting, repeated keys: what was given is what is read.
pub(super) async fn payloads_are_unchanged_to_the_byte(store: Subject) {
    let deep = format!("{}1{}", "[".repeat(127), "]".repeat(127));
    let deep_objects = format!("{}null{}", r#"{"a":"#.repeat(127), "}".repeat(127));
    let long = format!("\"{}\"", "ä€😀".repeat(10_000));
    let mut payloads = AWKWARD.to_vec();
    payloads.extend([&*deep, &deep_objects, &long]);
    let stream = new_stream();
    stored(&store, append(&stream, Expect::NoStream, &payloads)).await;
    let loaded = load(&store, &stream).await;
    let events = events(&store, &stream).await;
    for ((payload, loaded), event) in payloads.iter().zip(loaded.payloads()).zip(&events) {
        assert_eq!(loaded, *payload, "as state is read");
        assert_eq!(event.payload, *payload, "as whole events are read");
    }
    for payload in payloads {
        let stream = new_stream();
        let mut append = append(&stream, Expect::NoStream, &["1"]);
        append.snapshot = Some(snapshot(1, payload));
        stored(&store, append).await;
        let loaded = load_range(&store, with_snapshot(&stream)).await;
        assert_eq!(loaded.snapshots[0].state, payload, "a snapshot likewise");
        assert_eq!(
            loaded.snapshots[0].version,
            Version::FIRST,
            "of its version"
        );
    }
}

/// S12: a payload of exactly 16 MiB is kept, and two of them in one append.
pub(super) async fn a_payload_of_16_mib_is_kept(store: Subject) {
    let stream = new_stream();
    let inside = Append::MAX_PAYLOAD - 2;
    let largest = format!("\"{}\"", "x".repeat(inside));
    let wide = format!("\"{}{}\"", "€".repeat(inside / 3), "x".repeat(inside % 3));
    for payload in [&largest, &wide] {
        assert_eq!(
            payload.len(),
            Append::MAX_PAYLOAD,
            "the suite's own largest payload"
        );
    }
    stored(
        &store,
        append(&stream, Expect::NoStream, &[&largest, &wide]),
    )
    .await;
    let loaded = load(&store, &stream).await;
    assert!(
        loaded.payloads() == [&largest, &wide],
        "both come back, as state is read"
    );
    let events = events(&store, &stream).await;
    assert!(
        events[0].payload == largest && events[1].payload == wide,
        "both come back, as whole events are read"
    );
}

/// S12, S13: names of any characters but control characters come back, up to their limit; metadata too.
pub(super) async fn names_are_kept(store: Subject) {
    let longest = "n".repeat(Append::MAX_NAME);
    for name in [
        "A",
        "konto.eröffnet/v2",
        "日本語",
        "a'b\"c;--",
        "😀 x",
        &longest,
    ] {
        let mut stream = new_stream();
        stream.aggregate_type = name.to_owned().into();
        let mut new = append(&stream, Expect::NoStream, &["1"]);
        new.events[0].event_type = name.to_owned().into();
        let metadata = Metadata::new().actor("ädä \u{0}").tag("k", "v");
        new.metadata = encoded(metadata.request_id("7f3a"));
        stored(&store, new).await;
        let loaded = load(&store, &stream).await;
        assert_eq!(loaded.events[0].event_type, name, "an event's name");
        let event = events(&store, &stream).await.remove(0);
        assert_eq!(event.aggregate_type, name, "an aggregate's name");
        assert_eq!(
            event.metadata().expect("it can be read").actor.as_deref(),
            Some("ädä \u{0}"),
            "the actor"
        );
        assert_eq!(
            event
                .metadata()
                .expect("it can be read")
                .request_id
                .as_deref(),
            Some("7f3a"),
            "the request"
        );
        assert_eq!(
            event.metadata().expect("it can be read").tags["k"],
            "v",
            "a tag"
        );
    }
}
