//! Faults of snapshots.

use std::ops::ControlFlow;

use intent_runtime::{
    EventId, StoreError, Version,
    store::{
        AggregateType, InvalidAppend, RawEvent, ReadStream, Snapshots, StateSink, StoredSnapshot,
        StreamId, Streams,
    },
};

use super::{Faults, Wrong, appending::without_former_names, reading::Faulty};

/// Takes the snapshot of a stream.
#[derive(Default)]
struct Kept(Option<StoredSnapshot>);

impl StateSink for Kept {
    fn ends_with(&mut self, _version: Version, _last: EventId) {}

    fn snapshot(&mut self, snapshot: StoredSnapshot) -> bool {
        self.0 = Some(snapshot);
        true
    }

    fn event(&mut self, _event: RawEvent<'_>) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}

async fn kept(it: &Wrong, stream: &StreamId) -> Result<Option<StoredSnapshot>, StoreError> {
    let mut kept = Kept::default();
    let mut read = ReadStream::all(stream);
    read.snapshot = true;
    it.memory.read_state(read, &mut kept).await?;
    Ok(kept.0)
}

pub const FAULTS: Faults = &[
    ("a_newer_snapshot_replaces_an_older_one_only", || Wrong {
        save_snapshot: |it, stream, snapshot| {
            Box::pin(async move {
                snapshot.check(stream)?;
                let kept = kept(it, stream).await?;
                if kept.is_some_and(|kept| kept.version == snapshot.version) {
                    return Ok(());
                }
                it.memory.save_snapshot(stream, snapshot).await
            })
        },
        ..Wrong::right()
    }),
    ("a_snapshot_rides_along_or_not_at_all", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let (stream, snapshot) = (append.stream.clone(), append.snapshot.clone());
                let appended = it.memory.append(append).await;
                if let (Err(StoreError::Conflict { actual, .. }), Some(snapshot)) =
                    (&appended, snapshot)
                {
                    let mut as_of_now = snapshot;
                    as_of_now.version = *actual;
                    as_of_now.schema_version = 2;
                    it.memory.save_snapshot(&stream, as_of_now).await?;
                }
                appended
            })
        },
        ..Wrong::right()
    }),
    ("a_refused_snapshot_is_as_none", || Wrong {
        read_state: |it, read, sink| {
            Box::pin(async move {
                let mut sink = Faulty {
                    forces_snapshots: true,
                    ..Faulty::of(sink)
                };
                it.memory.read_state(read, &mut sink).await
            })
        },
        ..Wrong::right()
    }),
    ("a_snapshot_beyond_the_range_is_not_offered", || Wrong {
        read_state: |it, read, sink| {
            Box::pin(async move {
                let mut sink = Faulty {
                    after: read.after,
                    ..Faulty::of(sink)
                };
                let after = if read.snapshot {
                    Version::NONE
                } else {
                    read.after
                };
                let mut from_the_start = read;
                from_the_start.after = after;
                it.memory.read_state(from_the_start, &mut sink).await
            })
        },
        ..Wrong::right()
    }),
    ("a_snapshot_beyond_the_stream_is_not_kept", || Wrong {
        save_snapshot: |it, stream, snapshot| {
            Box::pin(async move {
                let after = it.version(stream).await?;
                if snapshot.version > after {
                    let source = InvalidAppend::SnapshotVersion {
                        snapshot: snapshot.version,
                        after,
                    };
                    return Err(StoreError::Invalid {
                        stream: stream.clone(),
                        source,
                    });
                }
                it.memory.save_snapshot(stream, snapshot).await
            })
        },
        ..Wrong::right()
    }),
    ("snapshots_are_deleted_by_type_and_tenant", || Wrong {
        delete_snapshots: |it, tenant, of_type| {
            let of_type = of_type.unwrap_or_else(|| AggregateType::from("All"));
            it.memory.delete_snapshots(tenant, Some(of_type))
        },
        ..Wrong::right()
    }),
    ("snapshots_outlive_a_renamed_type", || Wrong {
        save_snapshot: |it, stream, snapshot| {
            Box::pin(async move {
                let known = without_former_names(stream);
                match it.memory.save_snapshot(&known, snapshot).await {
                    Err(StoreError::WrongAggregate { .. })
                        if !stream.aggregate_type.former_names().is_empty() =>
                    {
                        Ok(())
                    }
                    other => other,
                }
            })
        },
        ..Wrong::right()
    }),
];
