//! The lines of a history: writing them with a sum, checking the sum and reading them.

use std::{borrow::Cow, io};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::record::{
    event::RecordedEvent,
    id::{AggregateId, EventId, TenantId},
    metadata::StoredMetadata,
    text_form::hex,
    timestamp::Timestamp,
    version::{Position, Version},
};

/// The format that is written, and the newest that is read.
pub(super) const FORMAT: u32 = 1;

/// How many bytes of a digest a line has: enough against accidents, and it is no protection against attacks.
const SHOWN: usize = 8;
/// The text before the sum, and the text after it.
const SUM: &str = ",\"sum\":\"";
const AFTER_SUM: &str = "\"}";

/// The first line. A newer format may have more fields.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) intent_history: u32,
    /// The tenant that all events are of, where the export was of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tenant_id: Option<TenantId>,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    pub(super) events: u64,
}

/// The line of an event.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    tenant_id: TenantId,
    #[serde(borrow)]
    aggregate_type: Cow<'a, str>,
    aggregate_id: AggregateId,
    version: Version,
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    schema_version: u32,
    #[serde(
        borrow,
        default,
        deserialize_with = "raw",
        skip_serializing_if = "Option::is_none"
    )]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    payload_text: Option<Cow<'a, str>>,
    #[serde(
        borrow,
        default,
        deserialize_with = "raw",
        skip_serializing_if = "Option::is_none"
    )]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    metadata_text: Option<Cow<'a, str>>,
    recorded_at: Timestamp,
    /// Its own time. Without it, the time that the metadata has, or else when it was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    occurred_at: Option<Timestamp>,
    event_id: EventId,
}

/// Reads `null` as a payload, not as a missing field.
fn raw<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'a RawValue>, D::Error> {
    <&'a RawValue>::deserialize(deserializer).map(Some)
}

/// The checksum so far. That of each line covers the one before, and writer and reader compute the same.
#[derive(Debug, Default)]
pub(super) struct Seal(Sha256Sum);

type Sha256Sum = [u8; 32];

impl Seal {
    pub(super) fn write_event(
        &mut self,
        event: &RecordedEvent,
        text: &mut Vec<u8>,
    ) -> io::Result<()> {
        let (payload, payload_text) = as_it_stands(&event.payload);
        let (metadata, metadata_text) = as_it_stands(event.metadata.json());
        let line = Line {
            tenant_id: event.tenant_id,
            aggregate_type: Cow::Borrowed(&event.aggregate_type),
            aggregate_id: event.aggregate_id,
            version: event.version,
            event_type: Cow::Borrowed(&event.event_type),
            schema_version: event.schema_version,
            payload,
            payload_text,
            metadata,
            metadata_text,
            recorded_at: event.recorded_at,
            occurred_at: Some(event.occurred_at)
                .filter(|time| *time != event.recorded_at && event.metadata.time().is_none()),
            event_id: event.id,
        };
        self.write(&line, text)
    }

    /// Writes a line: an object, with its sum added as the last field.
    pub(super) fn write(&mut self, line: &impl Serialize, text: &mut Vec<u8>) -> io::Result<()> {
        let start = text.len();
        serde_json::to_writer(&mut *text, line)?;
        // The closing brace.
        text.pop();
        let sum = self.next(&text[start..]);
        text.extend_from_slice(SUM.as_bytes());
        text.extend_from_slice(sum.as_bytes());
        text.extend_from_slice(AFTER_SUM.as_bytes());
        text.push(b'\n');
        Ok(())
    }

    /// A line up to its sum; it is given without its end. `None` if it is not as it was written, or does not follow the line
    /// before.
    pub(super) fn checked<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let (body, sum) = line.strip_suffix(AFTER_SUM)?.rsplit_once(SUM)?;
        (self.next(body.as_bytes()) == sum).then_some(body)
    }

    fn next(&mut self, body: &[u8]) -> String {
        self.0 = Sha256::new()
            .chain_update(self.0)
            .chain_update(body)
            .finalize()
            .into();
        hex(&self.0[..SHOWN])
    }
}

/// JSON as a part of a line, or as a text where it cannot be one unchanged.
fn as_it_stands(json: &str) -> (Option<&RawValue>, Option<Cow<'_, str>>) {
    let raw: Option<&RawValue> = serde_json::from_str(json).ok();
    // Space around it is not part of it.
    let is_part = |raw: &&RawValue| raw.get().len() == json.len() && !json.contains(['\n', '\r']);
    match raw.filter(is_part) {
        Some(raw) => (Some(raw), None),
        None => (None, Some(Cow::Borrowed(json))),
    }
}

/// The JSON that was written in one of the two ways.
fn either(
    name: &str,
    raw: Option<&RawValue>,
    text: Option<Cow<'_, str>>,
) -> Result<String, serde_json::Error> {
    match (raw, text) {
        (Some(raw), None) => Ok(raw.get().to_owned()),
        (None, Some(text)) => Ok(text.into_owned()),
        _ => Err(serde::de::Error::custom(format!(
            "it needs one of `{name}` and `{name}_text`"
        ))),
    }
}

/// The event of a line without its sum. Its position is left at 0, for the store to give.
///
/// # Errors
/// When the line was not written by an export of this format, or is not of the tenant of its head.
pub(super) fn event(line: &str, head: &Head) -> Result<RecordedEvent, serde_json::Error> {
    let line: Line<'_> = serde_json::from_str(line)?;
    if head.tenant_id.is_some_and(|of| of != line.tenant_id) {
        let what = "it is of another tenant than the first line says";
        return Err(serde::de::Error::custom(what));
    }
    let payload = either("payload", line.payload, line.payload_text)?;
    let metadata = either("metadata", line.metadata, line.metadata_text)?;
    let mut event = RecordedEvent {
        position: Position::new(0),
        id: line.event_id,
        tenant_id: line.tenant_id,
        aggregate_type: line.aggregate_type.into(),
        aggregate_id: line.aggregate_id,
        version: line.version,
        event_type: line.event_type.into(),
        schema_version: line.schema_version,
        payload,
        metadata: StoredMetadata::from_json(metadata),
        recorded_at: line.recorded_at,
        occurred_at: line.occurred_at.unwrap_or(line.recorded_at),
    };
    if let (None, Some(said)) = (line.occurred_at, event.metadata.time()) {
        event.occurred_at = said;
    }
    let metadata = event.metadata();
    metadata.map_err(|error| serde::de::Error::custom(error.source))?;
    Ok(event)
}

/// The last line, if a line without its sum is one.
pub(super) fn end(line: &str) -> Option<End> {
    serde_json::from_str(line).ok()
}
