//! Faults of what is kept of payloads and names.

use intent_runtime::{
    StoreError,
    store::{Append, RawEvent, Streams},
};
use serde_json::value::{RawValue, Value};

use super::{Faults, Wrong, reading::Faulty};

pub const FAULTS: Faults = &[
    ("payloads_are_unchanged_to_the_byte", || Wrong {
        append: |it, mut append| {
            // Like a database that keeps JSON as values.
            for event in &mut append.events {
                if let Ok(value) = serde_json::from_str::<Value>(event.payload.get()) {
                    event.payload = RawValue::from_string(value.to_string()).unwrap();
                }
            }
            it.memory.append(append)
        },
        ..Wrong::right()
    }),
    ("a_payload_of_16_mib_is_kept", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let largest = |payload: &RawValue| payload.get().len() == Append::MAX_PAYLOAD;
                let mut payloads = append.events.iter().map(|event| &*event.payload);
                if payloads.any(largest) {
                    return Err(StoreError::Backend {
                        place: "memory".into(),
                        source: "the packet is too large".into(),
                    });
                }
                it.memory.append(append).await
            })
        },
        ..Wrong::right()
    }),
    ("names_are_kept", || Wrong {
        read_state: |it, read, sink| {
            Box::pin(async move {
                fn cut(event: RawEvent<'_>) -> RawEvent<'_> {
                    let end = event.event_type.floor_char_boundary(200);
                    {
                        let mut raw = event;
                        raw.event_type = &event.event_type[..end];
                        raw
                    }
                }
                let mut sink = Faulty {
                    event: |event| Some(cut(event)),
                    ..Faulty::of(sink)
                };
                it.memory.read_state(read, &mut sink).await
            })
        },
        ..Wrong::right()
    }),
];
