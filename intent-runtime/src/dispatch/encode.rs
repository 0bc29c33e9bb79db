//! The events of a decision as what is stored of them.

use std::borrow::Cow;

use crate::{AggregateEvent, NewEvent, SendError, StreamId};

/// Writes the events, and reads each back before it is stored: what cannot be read, or is read as something else, would
/// break its stream for good. It is read by the one decode path, so the names and versions of an impl by hand are tried
/// as well.
pub(super) fn encode<E: AggregateEvent, R>(
    stream: &StreamId,
    events: &[E],
) -> Result<Vec<NewEvent>, SendError<R>> {
    let mut new_events = Vec::with_capacity(events.len());
    for event in events {
        let (name, schema_version) = (event.name(), event.schema_version());
        let payload = event.encode().map_err(|source| SendError::Encode {
            stream: stream.clone(),
            what: name,
            source,
        })?;
        let read = E::decode_one(name, schema_version, payload.get().as_bytes());
        if read.as_ref().ok() != Some(event) {
            return Err(SendError::NotReadBack {
                stream: stream.clone(),
                event: name,
                source: read.err().map(Box::new),
            });
        }
        new_events.push(NewEvent {
            event_type: Cow::Borrowed(name),
            schema_version,
            payload,
        });
    }
    Ok(new_events)
}
