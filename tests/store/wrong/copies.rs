//! Faults of copies of what other builds recorded.

use intent_runtime::{
    RecordedEvent, StoreError,
    store::{EncodedMetadata, Import, ImportRefusal, Streams},
};

use super::{Faults, Wrong, appending::without_former_names, importing::remembering};

/// Writes the metadata anew, with what this build can read of it.
fn rewrite(events: &mut [RecordedEvent]) {
    for event in events {
        let known = event.metadata().cloned().unwrap_or_default();
        event.occurred_at = known.timestamp.unwrap_or(event.recorded_at);
        event.metadata = EncodedMetadata::new(known).unwrap().into();
    }
}

pub const FAULTS: Faults = &[
    ("metadata_of_a_newer_build_is_kept", || Wrong {
        import: |it, mut events| {
            if intent_runtime::store::check_import(&events).is_ok() {
                rewrite(&mut events);
            }
            it.memory.import(events)
        },
        ..Wrong::right()
    }),
    ("metadata_that_no_build_writes_is_refused", || Wrong {
        import: |it, mut events| {
            Box::pin(async move {
                match it.memory.import(events.clone()).await {
                    Err(StoreError::ImportRefused {
                        source: ImportRefusal::Metadata,
                        ..
                    }) => {
                        rewrite(&mut events);
                        it.memory.import(events).await
                    }
                    other => other,
                }
            })
        },
        ..Wrong::right()
    }),
    ("a_copied_stream_outlives_a_renamed_type", || Wrong {
        import: remembering,
        append: |it, mut append| {
            if it.known(append.stream.aggregate_id.as_uuid()).is_some() {
                append.stream = without_former_names(&append.stream);
            }
            it.memory.append(append)
        },
        ..Wrong::right()
    }),
];
