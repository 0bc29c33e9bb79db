//! Writes the events of a decision as they are stored, and checks each limit before it writes more.

use std::borrow::Cow;

use crate::{
    dispatch::error::SendError,
    model::event::AggregateEvent,
    record::{bounded_json::TooLong, event::NewEvent, stream::StreamId},
    store::{
        append::{Append, check_json},
        error::StoreError,
        invalid::InvalidAppend,
    },
};

/// Writes the events and reads each one back: an event that cannot be read, or is read as another one, would break its stream
/// for good. The one decode path reads it, which also tests the names and versions of a hand-written impl.
pub(super) fn encode<E: AggregateEvent, R>(
    stream: &StreamId,
    events: &[E],
) -> Result<Vec<NewEvent>, SendError<R>> {
    let invalid = |source| {
        SendError::Store(StoreError::Invalid {
            stream: stream.clone(),
            source,
        })
    };
    if events.len() > Append::MAX_EVENTS {
        return Err(invalid(InvalidAppend::TooMany {
            count: events.len(),
            limit: Append::MAX_EVENTS,
        }));
    }
    let mut new_events = Vec::with_capacity(events.len());
    let mut bytes = 0;
    for event in events {
        let (name, schema_version) = (event.name(), event.schema_version());
        let payload = written(stream, name, event.encode())?;
        // A hand-written `encode` may ignore the limits.
        check_json(name, payload.get()).map_err(invalid)?;
        bytes += payload.get().len();
        if bytes > Append::MAX_BYTES {
            return Err(invalid(InvalidAppend::too_large(
                "the append",
                bytes,
                Append::MAX_BYTES,
            )));
        }
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

/// The written JSON, or the error of a command that cannot be stored.
pub(super) fn written<T, R>(
    stream: &StreamId,
    what: &'static str,
    json: Result<T, serde_json::Error>,
) -> Result<T, SendError<R>> {
    json.map_err(|error| match TooLong::of(error) {
        Ok(TooLong { bytes }) => SendError::Store(StoreError::Invalid {
            stream: stream.clone(),
            source: InvalidAppend::too_large(what, bytes, Append::MAX_PAYLOAD),
        }),
        Err(source) => SendError::Encode {
            stream: stream.clone(),
            what,
            source,
        },
    })
}
