//! [`Metadata`]: who, why and where from, stored with every event.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::Error as _};

use crate::record::{
    bounded_json,
    event::RecordedEvent,
    id::{CommandId, CorrelationId, EventId},
    stream::StreamId,
    timestamp::Timestamp,
    traceparent::Traceparent,
    version::Version,
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
    /// Anything else to find it by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The trace it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<Traceparent>,
}

impl Metadata {
    /// Metadata that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The metadata of a command that follows from a stored event, a [`RecordedEvent`] or a [`Recorded`](crate::Recorded). It
    /// has the event's actor, role, correlation, request, source and tags, and names the event as the cause. It does not
    /// inherit the time, since the command happens later, nor the trace, since a command belongs to the trace of its sender.
    ///
    /// # Errors
    /// When the event's metadata cannot be read.
    pub fn caused_by<'a>(event: impl Into<&'a RecordedEvent>) -> Result<Self, MetadataError> {
        let event = event.into();
        Ok(Self {
            timestamp: None,
            command: None,
            command_id: None,
            fingerprint: None,
            traceparent: None,
            causation_id: Some(event.id),
            ..event.metadata()?.clone()
        })
    }

    /// This metadata, with the parts of `other` that it lacks.
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

    /// The correlation that its command begins, if it names no other.
    fn begins_correlation(&self) -> Option<CorrelationId> {
        self.command_id.map(CorrelationId::from)
    }

    /// The same, with what [`EncodedMetadata`] leaves out.
    fn of_event(mut self, occurred_at: Timestamp) -> Self {
        self.timestamp.get_or_insert(occurred_at);
        self.correlation_id = self.correlation_id.or_else(|| self.begins_correlation());
        self
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

    /// Says which trace it belongs to.
    #[must_use]
    pub fn traceparent(mut self, traceparent: Traceparent) -> Self {
        self.traceparent = Some(traceparent);
        self
    }
}

/// Metadata about to be stored, together with its JSON. It derefs to the metadata; a clone shares both.
///
/// The JSON leaves out what the event says anyway: the time, which is the event's own, and a correlation that has the id of the
/// command. [`RecordedEvent::metadata`] puts both back.
///
/// ```
/// use intent_runtime::{Metadata, store::EncodedMetadata};
/// let metadata = EncodedMetadata::new(Metadata::new().actor("ada").timestamp("2026-12-01T09:30:00Z".parse()?))?;
/// assert_eq!(metadata.json(), r#"{"actor":"ada"}"#);
/// assert_eq!(metadata.actor.as_deref(), Some("ada"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct EncodedMetadata {
    metadata: Arc<Metadata>,
    json: Arc<str>,
}

impl EncodedMetadata {
    /// Writes the JSON of some metadata.
    ///
    /// # Errors
    /// What `serde_json` reports; no metadata is known that it does not write.
    pub fn new(metadata: Metadata) -> Result<Self, serde_json::Error> {
        Self::limited(metadata, usize::MAX)
    }

    /// The same, written no further than to a limit.
    pub(crate) fn limited(mut metadata: Metadata, limit: usize) -> Result<Self, serde_json::Error> {
        let timestamp = metadata.timestamp.take();
        let begun = metadata.begins_correlation();
        let correlation_id = metadata.correlation_id.take_if(|id| Some(*id) == begun);
        let json = bounded_json::to_string(&metadata, limit)?.into();
        let metadata = Metadata {
            timestamp,
            correlation_id: correlation_id.or(metadata.correlation_id),
            ..metadata
        };
        Ok(Self {
            metadata: Arc::new(metadata),
            json,
        })
    }

    /// The JSON: one object.
    pub fn json(&self) -> &str {
        &self.json
    }
}

impl Deref for EncodedMetadata {
    type Target = Metadata;

    fn deref(&self) -> &Metadata {
        &self.metadata
    }
}

/// Metadata as a store keeps it: JSON, to the byte. It is parsed when somebody first asks for its parts, with
/// [`RecordedEvent::metadata`].
///
/// Another build may have stored fields that this one does not know. They stay in the JSON, so a copy loses nothing. Two values
/// are equal if their JSON is equal.
#[derive(Clone)]
pub struct StoredMetadata {
    json: Arc<str>,
    parsed: OnceLock<Parsed>,
}

/// What the JSON says of an event that happened at a time. An error is kept too, so that it is parsed once.
#[derive(Clone)]
struct Parsed {
    occurred_at: Timestamp,
    metadata: Result<Arc<Metadata>, Arc<serde_json::Error>>,
    /// The same for another time: somebody who holds the event may have changed its time.
    for_another: OnceLock<Box<Parsed>>,
}

impl Parsed {
    fn new(
        occurred_at: Timestamp,
        metadata: Result<Arc<Metadata>, Arc<serde_json::Error>>,
    ) -> Self {
        Self {
            occurred_at,
            metadata,
            for_another: OnceLock::new(),
        }
    }
}

impl StoredMetadata {
    /// Keeps the JSON that a store has. It is not looked into.
    pub fn from_json(json: impl Into<Arc<str>>) -> Self {
        Self {
            json: json.into(),
            parsed: OnceLock::new(),
        }
    }

    /// The JSON, as it is stored.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The time that the text has, as another build may have written it.
    pub(crate) fn time(&self) -> Option<Timestamp> {
        #[derive(Deserialize)]
        struct Said {
            timestamp: Option<Timestamp>,
        }
        // A backslash may stand for a letter of the key.
        if !self.json.contains("\"timestamp\"") && !self.json.contains('\\') {
            return None;
        }
        let said: Result<Said, _> = serde_json::from_str(&self.json);
        said.ok()?.timestamp
    }

    /// What it says of an event that happened at this time. Fields that this build does not know are no error.
    fn parsed(&self, occurred_at: Timestamp) -> Result<&Metadata, &Arc<serde_json::Error>> {
        let parse = || Parsed::new(occurred_at, self.parse(occurred_at));
        let mut parsed = self.parsed.get_or_init(parse);
        while parsed.occurred_at != occurred_at {
            parsed = parsed.for_another.get_or_init(|| Box::new(parse()));
        }
        parsed.metadata.as_ref().map(|known| &**known)
    }

    fn parse(&self, occurred_at: Timestamp) -> Result<Arc<Metadata>, Arc<serde_json::Error>> {
        // serde takes the fields of an array, too.
        if !self.json.trim_start().starts_with('{') {
            return Err(Arc::new(serde_json::Error::custom("it is not an object")));
        }
        serde_json::from_str(&self.json)
            .map(|said: Metadata| Arc::new(said.of_event(occurred_at)))
            .map_err(Arc::new)
    }
}

impl From<EncodedMetadata> for StoredMetadata {
    fn from(encoded: EncodedMetadata) -> Self {
        let EncodedMetadata { metadata, json } = encoded;
        let parsed = match metadata.timestamp {
            // Nothing is to be put back if the event happened at this time.
            Some(time) if metadata.correlation_id.is_some() => {
                OnceLock::from(Parsed::new(time, Ok(metadata)))
            }
            _ => OnceLock::new(),
        };
        Self { json, parsed }
    }
}

impl PartialEq for StoredMetadata {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl Eq for StoredMetadata {}

impl fmt::Debug for StoredMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.json)
    }
}

/// The metadata of a stored event cannot be read: it is damaged, or a newer build wrote it in another form. The event itself
/// can be read. Handling: restore the metadata from a backup; [`StoredMetadata::json`] has the stored text.
#[derive(Clone, thiserror::Error)]
#[error("the metadata of event {version} of {stream} cannot be read")]
#[non_exhaustive]
pub struct MetadataError {
    /// The stream of the event.
    pub stream: StreamId,
    /// The event's version there.
    pub version: Version,
    /// What serde says.
    pub source: Arc<serde_json::Error>,
}

crate::record::sentence::debug!(MetadataError);

impl RecordedEvent {
    /// Who, why and where from, and when: the time is [`occurred_at`](Self::occurred_at) unless the stored text has one. It is
    /// parsed when you first ask for it, and again if you have changed `occurred_at` since.
    ///
    /// # Errors
    /// If the stored text is not metadata. Each further call returns the same error.
    pub fn metadata(&self) -> Result<&Metadata, MetadataError> {
        self.metadata
            .parsed(self.occurred_at)
            .map_err(|source| MetadataError {
                stream: self.stream(),
                version: self.version,
                source: Arc::clone(source),
            })
    }
}
