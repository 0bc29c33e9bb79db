//! Faults of appends.

use intent_runtime::{
    CommandId, Position, Timestamp, Version,
    store::{
        AggregateType, Append, Appended, Expect, Log, StoreError, StoreFuture, StreamId, Streams,
    },
};
use tokio::task::yield_now;

use super::{Faults, Wrong};

pub const FAULTS: Faults = &[
    ("an_append_is_all_or_nothing", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let mut begun = append.clone();
                begun.command_id = CommandId::new();
                begun.expect = Expect::NoStream;
                begun.events.truncate(1);
                let has_more = append.events.len() > 1;
                let expects_a_version = matches!(append.expect, Expect::Version(_));
                let appended = it.memory.append(append).await;
                if matches!(
                    appended,
                    Err(StoreError::Conflict {
                        actual: Version::NONE,
                        ..
                    })
                ) && has_more
                    && expects_a_version
                {
                    it.memory.append(begun).await.unwrap();
                }
                appended
            })
        },
        ..Wrong::right()
    }),
    ("versions_are_dense_from_one", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let counts_wrong = (64..1_000).contains(&append.events.len());
                let mut appended = it.memory.append(append).await;
                if let Ok(Appended::Stored { version, .. }) = &mut appended
                    && counts_wrong
                {
                    *version = Version::new(version.get() + 1);
                }
                appended
            })
        },
        ..Wrong::right()
    }),
    ("one_racer_wins_each_version", || Wrong {
        append: |it, append| match append.expect {
            // Rows need a version.
            Expect::Version(version) if append.rows.is_empty() => unfenced(it, append, version),
            _ => it.memory.append(append),
        },
        ..Wrong::right()
    }),
    ("one_racer_creates_a_stream", || Wrong {
        append: |it, append| match append.expect {
            Expect::NoStream => unfenced(it, append, Version::NONE),
            _ => it.memory.append(append),
        },
        ..Wrong::right()
    }),
    ("any_and_exists_take_the_current_version", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let expects_nothing = append.expect == Expect::Any;
                let events = append.events.len() as u64;
                let mut appended = it.memory.append(append).await;
                if let Ok(Appended::Stored { version, .. }) = &mut appended
                    && expects_nothing
                {
                    *version = Version::new(events);
                }
                appended
            })
        },
        ..Wrong::right()
    }),
    ("exists_refuses_a_new_stream", || Wrong {
        append: |it, mut append| {
            if append.expect == Expect::Exists {
                append.expect = Expect::Any;
            }
            it.memory.append(append)
        },
        ..Wrong::right()
    }),
    ("a_conflict_tells_the_actual_version", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let mut appended = it.memory.append(append).await;
                if let Err(StoreError::Conflict {
                    expected: Expect::Version(expected),
                    actual,
                    ..
                }) = &mut appended
                {
                    *actual = (*actual).max(*expected);
                }
                appended
            })
        },
        ..Wrong::right()
    }),
    ("another_last_event_is_a_conflict", || Wrong {
        append: |it, mut append| {
            append.expect_last = None;
            it.memory.append(append)
        },
        ..Wrong::right()
    }),
    ("appends_to_one_stream_at_once_all_land", || Wrong {
        append: |it, append| {
            let is_pair = append.events.len() == 2
                && append.events[0].payload.get() == append.events[1].payload.get();
            if is_pair && append.expect == Expect::Any {
                in_two(it, append)
            } else {
                it.memory.append(append)
            }
        },
        ..Wrong::right()
    }),
    ("a_stream_belongs_to_one_aggregate_type", || Wrong {
        version_as_of: |it, stream, time| {
            Box::pin(async move {
                match it.memory.version_as_of(stream, time).await {
                    Err(StoreError::WrongAggregate { .. }) => Ok(Version::NONE),
                    other => other,
                }
            })
        },
        ..Wrong::right()
    }),
    ("a_stream_outlives_a_renamed_type", || Wrong {
        version_as_of: |it, stream, time| {
            Box::pin(async move {
                let stream = without_former_names(stream);
                it.memory.version_as_of(&stream, time).await
            })
        },
        ..Wrong::right()
    }),
    ("positions_grow", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let further = append.events.len().saturating_sub(1) as u64;
                let mut appended = it.memory.append(append).await;
                if let Ok(Appended::Stored { position, .. }) = &mut appended {
                    *position = Position::new(position.get() - further);
                }
                appended
            })
        },
        ..Wrong::right()
    }),
    ("what_was_appended_is_what_is_recorded", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let mut appended = it.memory.append(append).await;
                if let Ok(Appended::Stored { recorded_at, .. }) = &mut appended {
                    *recorded_at = Timestamp::from_micros(recorded_at.as_micros() - 1).unwrap();
                }
                appended
            })
        },
        ..Wrong::right()
    }),
];

/// Compares the version, and appends a moment later whatever the version is by then.
fn unfenced(it: &Wrong, mut append: Append, expected: Version) -> StoreFuture<'_, Appended> {
    Box::pin(async move {
        let is_plain = append.expect_last.is_none() && append.snapshot.is_none();
        if is_plain
            && it
                .version(&append.stream)
                .await
                .is_ok_and(|found| found == expected)
        {
            yield_now().await;
            if append.check().is_ok() {
                append.expect = Expect::Any;
            }
        }
        it.memory.append(append).await
    })
}

/// Appends the last event a moment after the others.
pub fn in_two(it: &Wrong, mut append: Append) -> StoreFuture<'_, Appended> {
    Box::pin(async move {
        let mut last = append.clone();
        last.command_id = CommandId::new();
        last.events.drain(..append.events.len() - 1);
        append.events.pop();
        if let before @ Appended::Before(_) = it.memory.append(append).await? {
            return Ok(before);
        }
        yield_now().await;
        it.memory.append(last).await
    })
}

/// The same stream, as a build knows it that has not heard of former names.
pub fn without_former_names(stream: &StreamId) -> StreamId {
    StreamId {
        aggregate_type: AggregateType::from(stream.aggregate_type.to_string()),
        ..stream.clone()
    }
}
