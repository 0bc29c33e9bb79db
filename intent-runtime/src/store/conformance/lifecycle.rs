//! S15: every call can be dropped at any await. And the end: what was handed over is written, then nothing more.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use crate::{
    record::{
        id::{CommandId, TenantId},
        timestamp::Timestamp,
    },
    store::{
        AsOfTime, ReadStream,
        append::{Appended, Expect},
        conformance::{
            Subject,
            fixture::{
                Loaded, append, append_as, events_in, fill, load, new_stream, recorded, snapshot,
                stored, with_snapshot,
            },
        },
        error::StoreError,
    },
};

/// Polls a future at most so many times, then drops it. `None` if it was not ready by then.
///
/// Between two polls other tasks run until the future has been woken, so that each count of polls is another await.
pub(super) async fn poll_times<T>(
    mut future: Pin<Box<dyn Future<Output = T> + Send + '_>>,
    times: u32,
) -> Option<T> {
    for _ in 0..times {
        let woken = Arc::new(Woken(tokio::sync::Notify::new()));
        let waker = Waker::from(woken.clone());
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        woken.0.notified().await;
    }
    None
}

struct Woken(tokio::sync::Notify);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

/// S15: an append dropped at any await was stored once or not at all, and sending it again settles it.
pub(super) async fn dropped_appends_leave_the_store_sound(store: Subject) {
    for round in 0..60 {
        let (stream, command) = (new_stream(), CommandId::new());
        let sent = append_as(command, &stream, Expect::NoStream, &["1", "2"]);
        drop(poll_times(store.append(sent.clone()), round % 6).await);
        let again = store.append(sent).await;
        assert!(
            matches!(again, Ok(Appended::Stored { .. } | Appended::Before(_))),
            "sent again after it was dropped at await {}: {again:?}",
            round % 6
        );
        assert_eq!(
            load(&store, &stream).await.payloads(),
            ["1", "2"],
            "stored once"
        );
    }
}

/// S15: reads and snapshots dropped at any await, more of them than there are connections, leak none.
pub(super) async fn dropped_reads_leak_nothing(store: Subject) {
    let stream = new_stream();
    fill(&store, &stream, 6_000).await;
    let now = AsOfTime::Recorded(Timestamp::now());
    for round in 0..60 {
        let polls = round % 6;
        let mut sink = Loaded::default();
        drop(poll_times(store.read_state(with_snapshot(&stream), &mut sink), polls).await);
        drop(poll_times(Box::pin(events_in(&store, ReadStream::all(&stream))), polls).await);
        drop(poll_times(store.version_as_of(&stream, now), polls).await);
        drop(
            poll_times(
                store.events_of_command(TenantId::DEFAULT, CommandId::new()),
                polls,
            )
            .await,
        );
        drop(poll_times(store.save_snapshot(&stream, snapshot(5, "{}")), polls).await);
        drop(poll_times(store.delete_snapshots(TenantId::DEFAULT, None), polls).await);
    }
    assert_eq!(
        load(&store, &stream).await.events.len(),
        6_000,
        "the stream is read as before"
    );
    stored(&store, append(&stream, Expect::Exists, &["1"])).await;
}

/// After `close` every call says that the store is closed; closing again is no error.
pub(super) async fn a_closed_store_says_so(store: Subject) {
    let stream = new_stream();
    stored(&store, append(&stream, Expect::NoStream, &["1"])).await;
    store.close().await.unwrap();
    store.close().await.unwrap();
    let mut sink = Loaded::default();
    let now = AsOfTime::Recorded(Timestamp::now());
    is_closed(store.append(append(&stream, Expect::Any, &["1"])).await);
    is_closed(store.read_state(with_snapshot(&stream), &mut sink).await);
    is_closed(events_in(&store, ReadStream::all(&stream)).await);
    is_closed(store.version_as_of(&stream, now).await);
    is_closed(
        store
            .events_of_command(TenantId::DEFAULT, CommandId::new())
            .await,
    );
    is_closed(store.import(vec![recorded(&stream, 1, "1")]).await);
    is_closed(store.save_snapshot(&stream, snapshot(1, "{}")).await);
    is_closed(store.delete_snapshots(TenantId::DEFAULT, None).await);
}

fn is_closed<T: std::fmt::Debug>(outcome: Result<T, StoreError>) {
    assert!(
        matches!(outcome, Err(StoreError::Closed)),
        "a closed store must say so, not {outcome:?}"
    );
}

/// Appends beside a `close` are stored and answered, or refused as closed: none is left hanging, none is unknown.
pub(super) async fn close_waits_for_what_was_handed_over(store: Subject) {
    let writers: Vec<_> = (0..32)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for answered in 0.. {
                    match store
                        .append(append(&new_stream(), Expect::NoStream, &["1"]))
                        .await
                    {
                        Ok(_) => {}
                        Err(StoreError::Closed) => return answered,
                        other => panic!("beside a close: {other:?}"),
                    }
                }
                0
            })
        })
        .collect();
    stored(&store, append(&new_stream(), Expect::NoStream, &["1"])).await;
    store.close().await.unwrap();
    for writer in writers {
        let answered: u64 = writer.await.expect("a writer beside a close ends");
        assert!(answered < u64::MAX, "every writer is answered");
    }
}
