//! Faults of imports.

use intent_runtime::{
    RecordedEvent, StoreError,
    store::{
        Append, Import, ImportRefusal, Imported, Snapshots, StoreFuture, Streams, check_import,
    },
};
use serde_json::value::RawValue;
use tokio::task::yield_now;

use super::{Faults, Wrong, transactions::waking, until_time_limits_end};

pub const FAULTS: Faults = &[
    ("imported_events_are_as_they_were_recorded", || Wrong {
        import: |it, mut events| {
            events.sort_by_key(|event| event.aggregate_id.as_uuid());
            it.memory.import(events)
        },
        ..Wrong::right()
    }),
    ("an_imported_payload_of_16_mib_is_kept", || Wrong {
        import: |it, events| {
            Box::pin(async move {
                let mut payloads = events.iter().map(|event| event.payload.len());
                if payloads.any(|bytes| bytes == Append::MAX_PAYLOAD) {
                    return Err(StoreError::Backend {
                        place: "memory".into(),
                        source: "the packet is too large".into(),
                    });
                }
                it.memory.import(events).await
            })
        },
        ..Wrong::right()
    }),
    ("an_import_goes_on_without_doubling", || Wrong {
        import: |it, events| {
            Box::pin(async move {
                let mut imported = it.memory.import(events).await?;
                if imported.stored > 1 && imported.known > 0 {
                    imported.stored += imported.known;
                    imported.known = 0;
                }
                Ok(imported)
            })
        },
        ..Wrong::right()
    }),
    ("a_refused_page_leaves_nothing", || Wrong {
        import: |it, events| {
            Box::pin(async move {
                let imported = it.memory.import(events.clone()).await;
                if let Err(StoreError::ImportRefused {
                    source: ImportRefusal::Gap { .. },
                    ..
                }) = imported
                {
                    for event in events {
                        if it.memory.import(vec![event]).await.is_err() {
                            break;
                        }
                    }
                }
                imported
            })
        },
        ..Wrong::right()
    }),
    ("what_contradicts_is_refused", || Wrong {
        import: |it, mut events| {
            Box::pin(async move {
                // Does not compare the times.
                for event in &mut events {
                    let stored = it.events(&event.stream()).await.unwrap_or_default();
                    let same = stored.iter().find(|stored| stored.id == event.id);
                    if let Some(same) = same {
                        if event.occurred_at == event.recorded_at {
                            event.occurred_at = same.recorded_at;
                        }
                        event.recorded_at = same.recorded_at;
                    }
                }
                it.memory.import(events).await
            })
        },
        ..Wrong::right()
    }),
    ("an_import_beyond_the_limits_is_refused", || Wrong {
        import: |it, mut events| {
            for event in &mut events {
                if serde_json::from_str::<&RawValue>(&event.payload).is_err() {
                    event.payload = "null".into();
                }
            }
            it.memory.import(events)
        },
        ..Wrong::right()
    }),
    ("an_imported_stream_goes_on", || Wrong {
        import: remembering,
        save_snapshot: |it, stream, snapshot| {
            Box::pin(async move {
                if it.known(stream.aggregate_id.as_uuid()).is_some() {
                    return Ok(());
                }
                it.memory.save_snapshot(stream, snapshot).await
            })
        },
        ..Wrong::right()
    }),
    ("an_import_stays_in_its_tenants", || Wrong {
        import: |it, events| {
            Box::pin(async move {
                let is_elsewhere = |event: &RecordedEvent| {
                    let tenant = event.tenant_id.to_string();
                    it.known(event.id.as_uuid())
                        .is_some_and(|known| known != tenant)
                };
                let (known, new): (Vec<_>, Vec<_>) = events.into_iter().partition(is_elsewhere);
                for event in &new {
                    it.remember(event.id.as_uuid(), event.tenant_id.to_string());
                }
                let imported = it.memory.import(new).await?;
                Ok({
                    let mut changed = imported;
                    changed.known = imported.known + known.len();
                    changed
                })
            })
        },
        ..Wrong::right()
    }),
    ("imports_beside_appends_keep_the_log_whole", || Wrong {
        import: |it, events| {
            Box::pin(async move {
                let Some(first) = events.first() else {
                    return it.memory.import(events).await;
                };
                let is_new = it
                    .events(&first.stream())
                    .await
                    .is_ok_and(|stored| stored.is_empty());
                let count = events.len();
                yield_now().await;
                let mut imported = it.memory.import(events).await?;
                if is_new && imported.known == count {
                    imported = Imported::new(count, 0);
                }
                Ok(imported)
            })
        },
        ..Wrong::right()
    }),
    ("an_import_wakes_readers", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let appended = it.memory.append(append).await;
                it.wakes.send_replace(());
                appended
            })
        },
        begin: waking,
        wake_ups: |it| it.wakes.subscribe(),
        ..Wrong::right()
    }),
    ("a_cancelled_import_is_whole_or_not_there", || Wrong {
        import: |it, mut events| {
            Box::pin(async move {
                check_import(&events)?;
                if events.len() < 20 {
                    return it.memory.import(events).await;
                }
                let rest = events.split_off(10);
                let first = it.memory.import(events).await?;
                until_time_limits_end().await;
                let rest = it.memory.import(rest).await?;
                Ok(Imported::new(
                    first.stored + rest.stored,
                    first.known + rest.known,
                ))
            })
        },
        ..Wrong::right()
    }),
];

/// Remembers the streams of what is imported.
pub fn remembering(it: &Wrong, events: Vec<RecordedEvent>) -> StoreFuture<'_, Imported> {
    Box::pin(async move {
        let ids: Vec<_> = events.iter().map(|event| event.aggregate_id).collect();
        let imported = it.memory.import(events).await?;
        for id in ids {
            it.remember(id.as_uuid(), String::new());
        }
        Ok(imported)
    })
}
