//! [`Metadata`]: who, why and where from, stored with every event.

use std::{borrow::Cow, collections::BTreeMap, ops::Deref, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::record::{
    bounded_json,
    id::{CommandId, CorrelationId, EventId},
    timestamp::Timestamp,
};

/// What is known about an event besides its content.
///
/// Given to a command with [`SendOptions::metadata`](crate::SendOptions::metadata), it is stored with every event the
/// command leads to. [`Metadata::caused_by`] carries it on from an event to the commands that follow from it.
///
/// ```
/// use intent_runtime::Metadata;
/// let metadata = Metadata::new().actor("ada").role("teller").request_id("7f3a").tag("branch", "0042");
/// assert_eq!(metadata.actor.as_deref(), Some("ada"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Metadata {
    /// Who acted: a user, a service, a device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// In which role the actor acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// When it happened in the domain; the time of sending unless given. The store's own clock is
    /// [`RecordedEvent::recorded_at`](crate::RecordedEvent::recorded_at).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The conversation it belongs to: that of its cause, or the id of the command that began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    /// The event that led to the command, when an event did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<EventId>,
    /// The name of the command that emitted the event. Set by the dispatcher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Cow<'static, str>>,
    /// The id of the command that emitted the event. Set by the dispatcher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<CommandId>,
    /// Distinguishes the command from another one under the same id, if the caller gave the id. Set by the dispatcher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The request, by the id that its maker gave it, such as an HTTP request id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The system or component it came through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Anything else worth finding it by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The trace it belongs to, as W3C Trace Context writes it: `00-<trace>-<span>-<flags>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

impl Metadata {
    /// Metadata that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The metadata of a command that follows from a stored event: actor, role, correlation, request, source and tags
    /// are the event's, and the event is the cause. The time is not inherited, for what follows happens later, nor is the
    /// trace: a command belongs to the trace of its sender.
    pub fn caused_by(event: EventId, metadata: &Self) -> Self {
        Self {
            timestamp: None,
            command: None,
            command_id: None,
            fingerprint: None,
            traceparent: None,
            causation_id: Some(event),
            ..metadata.clone()
        }
    }

    /// This metadata, completed by what `other` says beside it.
    pub(crate) fn or(self, other: Self) -> Self {
        let mut tags = other.tags;
        tags.extend(self.tags);
        Self {
            actor: self.actor.or(other.actor),
            role: self.role.or(other.role),
            timestamp: self.timestamp.or(other.timestamp),
            correlation_id: self.correlation_id.or(other.correlation_id),
            causation_id: self.causation_id.or(other.causation_id),
            command: self.command.or(other.command),
            command_id: self.command_id.or(other.command_id),
            fingerprint: self.fingerprint.or(other.fingerprint),
            request_id: self.request_id.or(other.request_id),
            source: self.source.or(other.source),
            tags,
            traceparent: self.traceparent.or(other.traceparent),
        }
    }

    /// Says who acted.
    #[must_use]
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Says in which role.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.role = Some(role.into());
        self
    }

    /// Says when it happened in the domain; also what [`Context::now`](crate::Context::now) then answers.
    #[must_use]
    pub fn timestamp(mut self, time: Timestamp) -> Self {
        self.timestamp = Some(time);
        self
    }

    /// Says which conversation it belongs to.
    #[must_use]
    pub fn correlation_id(mut self, id: CorrelationId) -> Self {
        self.correlation_id = Some(id);
        self
    }

    /// Names the request that led to it.
    #[must_use]
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Names the system or component it came through.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds a tag; a second value under one key replaces the first.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// Says which trace it belongs to, as W3C Trace Context writes it: `00-<trace>-<span>-<flags>`. An append with any other
    /// text is refused as [`InvalidAppend::Traceparent`](crate::store::InvalidAppend::Traceparent).
    #[must_use]
    pub fn traceparent(mut self, traceparent: impl Into<String>) -> Self {
        self.traceparent = Some(traceparent.into());
        self
    }
}

/// Whether a text is a `traceparent` of W3C Trace Context: `00-<trace>-<span>-<flags>` in lower-case hex. A newer version
/// than 00 may say more behind it; `ff` is no version, and ids of zeros alone are none.
pub(crate) fn is_traceparent(text: &str) -> bool {
    let hex = |text: &str, digits: usize| {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        text.len() == digits && text.bytes().all(is_digit)
    };
    let id = |text: &str, digits| hex(text, digits) && text.bytes().any(|byte| byte != b'0');
    let mut parts = text.splitn(5, '-');
    let mut part = || parts.next().unwrap_or_default();
    let (version, trace, span, flags) = (part(), part(), part(), part());
    let known =
        hex(version, 2) && version != "ff" && id(trace, 32) && id(span, 16) && hex(flags, 2);
    known && (version != "00" || parts.next().is_none())
}

/// Metadata together with the JSON that stores keep of it. It derefs to the metadata; a clone shares both.
///
/// What a build does not know of the metadata that another one stored is in the JSON all the same, so that a copy loses
/// nothing.
///
/// ```
/// use intent_runtime::{Metadata, store::EncodedMetadata};
/// let metadata = EncodedMetadata::new(Metadata::new().actor("ada"))?;
/// assert_eq!(metadata.json(), r#"{"actor":"ada"}"#);
/// assert_eq!(metadata.actor.as_deref(), Some("ada"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct EncodedMetadata(Arc<(Metadata, Box<str>)>);

impl EncodedMetadata {
    /// Writes the JSON of some metadata.
    ///
    /// # Errors
    /// What `serde_json` reports; no metadata is known that it does not write.
    pub fn new(metadata: Metadata) -> Result<Self, serde_json::Error> {
        Self::limited(metadata, usize::MAX)
    }

    /// The same, written no further than to a limit.
    pub(crate) fn limited(metadata: Metadata, limit: usize) -> Result<Self, serde_json::Error> {
        let json = bounded_json::to_string(&metadata, limit)?;
        Ok(Self(Arc::new((metadata, json.into_boxed_str()))))
    }

    /// Reads the JSON that a store keeps, and keeps it to the byte. For stores and importers: an append takes metadata that
    /// [`new`](Self::new) wrote.
    ///
    /// # Errors
    /// When it is not that of metadata. Fields that this build does not know are no error.
    pub fn from_json(json: impl Into<Box<str>>) -> Result<Self, serde_json::Error> {
        let json = json.into();
        let metadata = serde_json::from_str(&json)?;
        Ok(Self(Arc::new((metadata, json))))
    }

    /// The JSON: one object.
    pub fn json(&self) -> &str {
        &self.0.1
    }

    /// Whether it is an object whose time is written as [`Metadata`] writes it.
    pub(crate) fn is_storable(&self) -> bool {
        #[derive(Deserialize)]
        struct Written<'a> {
            #[serde(borrow, default)]
            timestamp: Option<&'a RawValue>,
        }
        let written: Result<Written<'_>, _> = serde_json::from_str(self.json());
        let timestamp = written
            .ok()
            .map(|written| written.timestamp.map(RawValue::get));
        let own = self.timestamp.map(|time| serde_json::to_string(&time).ok());
        // serde takes the fields of an array, too.
        self.json().trim_start().starts_with('{')
            && timestamp == Some(own.as_ref().and_then(|own| own.as_deref()))
    }
}

/// Equal if the JSON is.
impl PartialEq for EncodedMetadata {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

impl Eq for EncodedMetadata {}

impl From<EncodedMetadata> for Metadata {
    fn from(encoded: EncodedMetadata) -> Self {
        Arc::unwrap_or_clone(encoded.0).0
    }
}

impl Deref for EncodedMetadata {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.0.0
    }
}
