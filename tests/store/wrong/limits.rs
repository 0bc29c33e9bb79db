//! Faults of limits: a store that silently changes what is beyond a limit.

use intent_runtime::{
    Metadata, Position, StoreError, Timestamp, Version,
    store::{Append, Appended, EncodedMetadata, InvalidAppend, Snapshots, StoreFuture, Streams},
};

use super::{Faults, Wrong};

/// Appends what is asked, or what `fit` makes of it if it is invalid.
fn fitted(
    it: &Wrong,
    append: Append,
    fit: fn(&InvalidAppend, &mut Append),
) -> StoreFuture<'_, Appended> {
    Box::pin(async move {
        if let Err(StoreError::Invalid { source, .. }) = append.check() {
            let mut fitting = append.clone();
            fit(&source, &mut fitting);
            return it.memory.append(fitting).await;
        }
        it.memory.append(append).await
    })
}

fn without_metadata(append: &mut Append) {
    append.metadata = EncodedMetadata::new(Metadata::new()).unwrap();
}

pub const FAULTS: Faults = &[
    ("an_empty_append_is_refused", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                if append.events.is_empty() {
                    return Ok(Appended::Stored {
                        version: Version::NONE,
                        position: Position::new(0),
                        recorded_at: Timestamp::now(),
                    });
                }
                it.memory.append(append).await
            })
        },
        ..Wrong::right()
    }),
    ("too_many_events_are_refused", || Wrong {
        append: |it, append| {
            fitted(it, append, |_, append| {
                append.events.truncate(Append::MAX_EVENTS);
            })
        },
        ..Wrong::right()
    }),
    ("bad_names_are_refused", || Wrong {
        append: |it, append| {
            fitted(it, append, |_, append| {
                for event in &mut append.events {
                    event.event_type = event.event_type.replace('\u{85}', "").into();
                    if event.event_type.is_empty() {
                        event.event_type = "…".into();
                    }
                }
            })
        },
        ..Wrong::right()
    }),
    ("too_large_payloads_are_refused", || Wrong {
        append: |it, append| {
            fitted(it, append, |_, append| {
                if append.metadata.json().len() > Append::MAX_PAYLOAD {
                    without_metadata(append);
                }
            })
        },
        ..Wrong::right()
    }),
    ("what_is_too_deep_is_refused", || Wrong {
        append: |it, append| {
            fitted(it, append, |invalid, append| {
                if matches!(invalid, InvalidAppend::TooDeep { .. }) {
                    append.snapshot = None;
                }
            })
        },
        ..Wrong::right()
    }),
    (
        "metadata_and_snapshots_of_the_largest_size_are_kept",
        || Wrong {
            save_snapshot: |it, stream, snapshot| {
                Box::pin(async move {
                    match it.memory.save_snapshot(stream, snapshot).await {
                        Err(StoreError::Invalid { .. }) => Ok(()),
                        other => other,
                    }
                })
            },
            ..Wrong::right()
        },
    ),
    ("too_large_appends_are_refused", || Wrong {
        append: |it, append| {
            fitted(it, append, |_, append| {
                if append.bytes() > Append::MAX_BYTES {
                    without_metadata(append);
                }
            })
        },
        ..Wrong::right()
    }),
    ("a_version_beyond_the_highest_is_refused", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let (stream, expected) = (append.stream.clone(), append.expect);
                match it.memory.append(append).await {
                    Err(StoreError::Invalid {
                        source: InvalidAppend::VersionOverflow,
                        ..
                    }) => Err(StoreError::Conflict {
                        stream,
                        expected,
                        actual: Version::NONE,
                    }),
                    other => other,
                }
            })
        },
        ..Wrong::right()
    }),
    ("snapshots_of_another_version_are_refused", || Wrong {
        append: |it, append| {
            fitted(it, append, |invalid, append| {
                if matches!(invalid, InvalidAppend::SnapshotVersion { .. }) {
                    append.snapshot = None;
                }
            })
        },
        ..Wrong::right()
    }),
];
