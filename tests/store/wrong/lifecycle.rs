//! Faults of calls that are dropped, and of closing.

use futures_util::FutureExt;
use intent_runtime::{
    CommandId, StoreError, Version,
    store::{Append, Expect, Log, Streams},
};
use tokio::task::yield_now;

use super::{Faults, Wrong};

/// Appends again when it is dropped.
struct Again<'a>(&'a Wrong, Append);

impl Drop for Again<'_> {
    fn drop(&mut self) {
        let _ = self.0.memory.append(self.1.clone()).now_or_never();
    }
}

pub const FAULTS: Faults = &[
    ("dropped_appends_leave_the_store_sound", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let mut again = append.clone();
                again.command_id = CommandId::new();
                again.expect = Expect::Any;
                let again = Again(it, again);
                let appended = it.memory.append(append).await;
                yield_now().await;
                std::mem::forget(again);
                appended
            })
        },
        ..Wrong::right()
    }),
    ("dropped_reads_leak_nothing", || Wrong {
        read_state: |it, read, sink| {
            Box::pin(async move {
                it.permits.acquire().await.unwrap().forget();
                yield_now().await;
                let read = it.memory.read_state(read, sink).await;
                it.permits.add_permits(1);
                read
            })
        },
        ..Wrong::right()
    }),
    ("a_closed_store_says_so", || Wrong {
        version_as_of: |it, stream, time| {
            Box::pin(async move {
                match it.memory.version_as_of(stream, time).await {
                    Err(StoreError::Closed) => Ok(Version::NONE),
                    other => other,
                }
            })
        },
        ..Wrong::right()
    }),
    ("close_waits_for_what_was_handed_over", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                it.memory.log_health().await?;
                yield_now().await;
                match it.memory.append(append).await {
                    Err(StoreError::Closed) => Err(StoreError::Busy {
                        place: "memory".into(),
                        source: "it is being closed".into(),
                    }),
                    other => other,
                }
            })
        },
        ..Wrong::right()
    }),
];
