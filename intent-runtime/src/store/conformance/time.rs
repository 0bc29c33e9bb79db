//! The version of a stream at a time: the longest prefix whose events all lie at or before it.

use crate::{
    record::{stream::StreamId, timestamp::Timestamp},
    store::{
        AsOfTime,
        append::Expect,
        conformance::{
            Subject,
            fixture::{append, at, events, new_stream, stored},
        },
    },
};

async fn version_at(store: &Subject, stream: &StreamId, time: AsOfTime) -> u64 {
    let version = store.version_as_of(stream, time).await;
    version.expect("a stream's past can be asked for").get()
}

fn moved(time: Timestamp, micros: i64) -> Timestamp {
    Timestamp::from_micros(time.as_micros() + micros).expect("a time near another")
}

/// By the store's clock: before the first event there is nothing, at the last all of it.
pub(super) async fn as_of_recorded_is_a_prefix(store: Subject) {
    let stream = new_stream();
    for _ in 0..3 {
        stored(&store, append(&stream, Expect::Any, &["1", "2"])).await;
    }
    let events = events(&store, &stream).await;
    let at = async |time| version_at(&store, &stream, AsOfTime::Recorded(time)).await;
    assert_eq!(
        at(moved(events[0].recorded_at, -1)).await,
        0,
        "before the first event"
    );
    assert_eq!(at(events[5].recorded_at).await, 6, "at the last event");
    assert_eq!(at(Timestamp::MAX).await, 6, "in the far future");
    assert_eq!(at(Timestamp::MIN).await, 0, "in the far past");
    for event in &events {
        let prefix = events
            .iter()
            .take_while(|other| other.recorded_at <= event.recorded_at);
        let expected = u64::try_from(prefix.count()).unwrap();
        assert_eq!(
            at(event.recorded_at).await,
            expected,
            "at {}",
            event.recorded_at
        );
    }
}

/// By the events' own time, which may go back: an event after the time ends the prefix, whatever follows it.
pub(super) async fn as_of_occurred_is_a_prefix(store: Subject) {
    let stream = new_stream();
    let noon: Timestamp = "2011-10-01T12:00:00Z".parse().unwrap();
    for seconds in [0, 10, 30, 20, 40] {
        let time = moved(noon, seconds * 1_000_000);
        stored(&store, at(time, append(&stream, Expect::Any, &["1"]))).await;
    }
    for (seconds, micros, expected) in [
        (0, -1, 0),
        (0, 0, 1),
        (10, -1, 1),
        (10, 0, 2),
        (20, 0, 2),
        (30, -1, 2),
        (30, 0, 4),
        (40, -1, 4),
        (40, 0, 5),
        (99, 0, 5),
    ] {
        let time = moved(noon, seconds * 1_000_000 + micros);
        let version = version_at(&store, &stream, AsOfTime::Occurred(time)).await;
        assert_eq!(version, expected, "at {time}");
    }
    let before = AsOfTime::Recorded("2011-10-02T00:00:00Z".parse().unwrap());
    assert_eq!(
        version_at(&store, &stream, before).await,
        0,
        "the store's clock is another one"
    );
}

/// An event without a time of its own happened when it was stored.
pub(super) async fn as_of_occurred_falls_back_to_the_stores_clock(store: Subject) {
    let stream = new_stream();
    let past: Timestamp = "1999-12-31T23:59:59.999999Z".parse().unwrap();
    stored(&store, at(past, append(&stream, Expect::Any, &["1"]))).await;
    stored(&store, append(&stream, Expect::Any, &["2"])).await;
    let recorded_at = events(&store, &stream).await[1].recorded_at;
    for (time, expected) in [
        (moved(past, -1), 0),
        (past, 1),
        (moved(recorded_at, -1), 1),
        (recorded_at, 2),
    ] {
        let version = version_at(&store, &stream, AsOfTime::Occurred(time)).await;
        assert_eq!(version, expected, "at {time}");
    }
}
