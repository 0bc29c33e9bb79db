//! S6: a load yields versions in order without gap or repeat, page by page.

use crate::{
    record::version::Version,
    store::{
        ReadStream,
        append::Expect,
        conformance::{
            Subject,
            fixture::{
                Loaded, append, events, events_in, fill, load, load_range, new_stream, snapshot,
                stored, with_snapshot,
            },
        },
    },
};

/// S6: more events than one page holds come in order, complete, to both kinds of reader.
pub(super) async fn a_stream_of_several_pages_is_read_in_order(store: Subject) {
    let stream = new_stream();
    fill(&store, &stream, 12_345).await;
    let loaded = load(&store, &stream).await;
    assert_eq!(loaded.events.len(), 12_345, "every event is read");
    for (number, event) in (1..).zip(&loaded.events) {
        assert_eq!(event.version.get(), number, "versions come in order");
        assert_eq!(
            event.payload,
            format!(r#"{{"n":{number}}}"#),
            "each with its payload"
        );
    }
    let events = events(&store, &stream).await;
    let versions: Vec<u64> = events.iter().map(|event| event.version.get()).collect();
    assert_eq!(
        versions,
        loaded.versions(),
        "whole events come in the same order"
    );
}

/// S6: a stream that does not exist yields nothing, and is no error.
pub(super) async fn a_stream_that_does_not_exist_yields_nothing(store: Subject) {
    let stream = new_stream();
    let loaded = load_range(&store, with_snapshot(&stream)).await;
    assert!(
        loaded.events.is_empty() && loaded.snapshots.is_empty(),
        "nothing: {loaded:?}"
    );
    assert!(
        events(&store, &stream).await.is_empty(),
        "no whole events either"
    );
    let now = crate::store::AsOfTime::Recorded(crate::record::timestamp::Timestamp::now());
    let version = store.version_as_of(&stream, now).await.unwrap();
    assert_eq!(version, Version::NONE, "and it is at no version");
}

/// S6: a read begins after one version and ends with another, also beyond the end, also when nothing lies between.
pub(super) async fn a_range_is_read_from_its_start_to_its_end(store: Subject) {
    let stream = new_stream();
    fill(&store, &stream, 20).await;
    let highest = Version::MAX.get();
    for (after, to, first, last) in [
        (0, 20, 1, 20),
        (0, 1, 1, 1),
        (19, 20, 20, 20),
        (5, 9, 6, 9),
        (5, highest, 6, 20),
        (15, 1_000_000, 16, 20),
        (0, 0, 1, 0),
        (9, 9, 1, 0),
        (9, 5, 1, 0),
        (20, highest, 1, 0),
        (highest, highest, 1, 0),
        (u64::MAX, u64::MAX, 1, 0),
    ] {
        let read = ReadStream {
            after: Version::new(after),
            to: Version::new(to),
            ..ReadStream::all(&stream)
        };
        let expected: Vec<u64> = (first..=last).collect();
        let loaded = load_range(&store, read).await;
        assert_eq!(
            loaded.versions(),
            expected,
            "state after {after} up to {to}"
        );
        let events = events_in(&store, read).await.unwrap();
        let versions: Vec<u64> = events.iter().map(|event| event.version.get()).collect();
        assert_eq!(versions, expected, "whole events after {after} up to {to}");
    }
}

/// S6: a sink that breaks is given nothing more.
pub(super) async fn a_sink_ends_the_reading(store: Subject) {
    let stream = new_stream();
    fill(&store, &stream, 6_000).await;
    for most in [1, 17, 5_000, 5_001] {
        let mut loaded = Loaded::stopping_after(most);
        store
            .read_state(ReadStream::all(&stream), &mut loaded)
            .await
            .unwrap();
        assert_eq!(loaded.events.len(), most, "state stops after {most} events");
        let mut seen = 0;
        let mut sink = |_| {
            seen += 1;
            if seen == most {
                return std::ops::ControlFlow::Break(());
            }
            std::ops::ControlFlow::Continue(())
        };
        store
            .read_events(ReadStream::all(&stream), &mut sink)
            .await
            .unwrap();
        assert_eq!(seen, most, "whole events stop after {most}");
    }
}

/// S6: payloads of very different sizes come in order; none is lost between pages bounded by bytes.
pub(super) async fn a_stream_of_large_payloads_is_read_in_order(store: Subject) {
    let stream = new_stream();
    let small = "1".to_owned();
    let large = format!("\"{}\"", "x".repeat(3 * 1024 * 1024));
    let sizes = [
        &small, &small, &large, &large, &small, &large, &large, &small,
    ];
    let payloads: Vec<&str> = sizes.iter().map(|payload| payload.as_str()).collect();
    stored(&store, append(&stream, Expect::NoStream, &payloads)).await;
    fill(&store, &stream, 50).await;
    let loaded = load(&store, &stream).await;
    assert_eq!(
        loaded.versions(),
        (1..=58).collect::<Vec<_>>(),
        "every event is read once"
    );
    assert!(
        loaded.payloads()[..8] == payloads,
        "each with its own payload"
    );
    let events = events(&store, &stream).await;
    assert!(
        events.len() == 58
            && events
                .iter()
                .zip(&payloads)
                .all(|(event, p)| event.payload == *p),
        "whole events likewise"
    );
}

/// S6: a reader beside a writer sees a prefix of the stream, each time a longer one.
pub(super) async fn a_stream_is_read_while_it_grows(store: Subject) {
    let stream = new_stream();
    let writer = {
        let (store, stream) = (store.clone(), stream.clone());
        tokio::spawn(async move {
            for _ in 0..100 {
                stored(&store, append(&stream, Expect::Any, &["1", "2", "3"])).await;
            }
        })
    };
    let mut seen = 0;
    while seen < 300 {
        let versions = load(&store, &stream).await.versions();
        let now = u64::try_from(versions.len()).unwrap();
        assert_eq!(
            versions,
            (1..=now).collect::<Vec<_>>(),
            "a reader sees a prefix"
        );
        assert_eq!(now % 3, 0, "an append is seen whole");
        assert!(now >= seen, "what was seen does not vanish");
        seen = now;
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
}

/// S6: a reader of state gets the end of the stream, also if it reads from a snapshot on or not up to the end.
pub(super) async fn the_end_of_a_stream_is_told(store: Subject) {
    let stream = new_stream();
    assert_eq!(
        load(&store, &stream).await.end,
        None,
        "there is no such stream"
    );
    fill(&store, &stream, 5).await;
    let mut last = append(&stream, Expect::Version(Version::new(5)), &["6", "7"]);
    last.snapshot = Some(snapshot(7, "{}"));
    let end = Some((Version::new(7), last.last_event()));
    stored(&store, last).await;
    let to_three = ReadStream {
        to: Version::new(3),
        ..ReadStream::all(&stream)
    };
    for read in [ReadStream::all(&stream), with_snapshot(&stream), to_three] {
        let loaded = load_range(&store, read).await;
        assert_eq!(loaded.end, end, "after {read:?}");
    }
}
