//! [`Append`]: the request to store events, with the limits that every store keeps.

use std::fmt;

use crate::{
    record::{
        event::{NewEvent, RecordedEvent},
        id::{CommandId, EventId},
        metadata::EncodedMetadata,
        snapshot::NewSnapshot,
        stream::StreamId,
        timestamp::Timestamp,
        version::{Position, Version},
    },
    store::{error::StoreError, invalid::InvalidAppend, tables::inline::InlineRow},
};

/// Events to store at the end of one stream, all or none.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Append {
    /// Which stream.
    pub stream: StreamId,
    /// What the stream must be like.
    pub expect: Expect,
    /// The event that the stream must end with; `None` for any. The version alone is not enough: after a
    /// database was restored to an earlier state and went on, another event may have it.
    pub expect_last: Option<EventId>,
    /// The command that emitted the events; their ids are made from it.
    pub command_id: CommandId,
    /// The events, in order; at most [`Append::MAX_EVENTS`].
    pub events: Vec<NewEvent>,
    /// The metadata of every event.
    pub metadata: EncodedMetadata,
    /// The state after the events, to keep with them.
    pub snapshot: Option<NewSnapshot>,
    /// The rows of inline read models after the events, to write with them or not at all; at most one of each table.
    pub rows: Vec<InlineRow>,
}

/// What an append expects of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It does not exist.
    NoStream,
    /// It exists, at whatever version.
    Exists,
    /// It is at exactly this version; [`Version::NONE`] is [`Expect::NoStream`].
    Version(Version),
    /// Nothing.
    Any,
}

impl Expect {
    /// The version expected, if it is a certain one.
    pub fn version(self) -> Option<Version> {
        match self {
            Self::NoStream => Some(Version::NONE),
            Self::Version(version) => Some(version),
            Self::Exists | Self::Any => None,
        }
    }

    /// Whether a stream at version `actual` is as expected.
    pub fn allows(self, actual: Version) -> bool {
        match self {
            Self::NoStream => actual == Version::NONE,
            Self::Exists => actual != Version::NONE,
            Self::Version(version) => actual == version,
            Self::Any => true,
        }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStream => f.write_str("no stream"),
            Self::Exists => f.write_str("an existing stream"),
            Self::Version(version) => write!(f, "version {version}"),
            Self::Any => f.write_str("anything"),
        }
    }
}

/// What came of an append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The events are stored.
    Stored {
        /// The version of the stream now, that of the last event.
        version: Version,
        /// The place of the last event in the whole log.
        position: Position,
        /// The store's clock.
        recorded_at: Timestamp,
    },
    /// The command id was seen before, for this stream: these are the events it stored then. Nothing was written.
    Before(Vec<RecordedEvent>),
}

impl Append {
    /// Events at the end of a stream, without a snapshot and behind any event.
    pub fn new(
        stream: StreamId,
        expect: Expect,
        command_id: CommandId,
        events: Vec<NewEvent>,
        metadata: EncodedMetadata,
    ) -> Self {
        Self {
            stream,
            expect,
            expect_last: None,
            command_id,
            events,
            metadata,
            snapshot: None,
            rows: Vec::new(),
        }
    }

    /// The most events one append may hold.
    pub const MAX_EVENTS: usize = 10_000;
    /// The longest a name of an event or an aggregate may be, in bytes.
    pub const MAX_NAME: usize = 255;
    /// The largest a payload, the metadata or a snapshot may be, in bytes: 16 MiB.
    pub const MAX_PAYLOAD: usize = 16 * 1024 * 1024;
    /// How deep lists and objects of a payload, the metadata or a snapshot may be nested: 2,000. Every database has some limit,
    /// and `serde_json` itself reads 127.
    pub const MAX_DEPTH: usize = 2_000;
    /// The most that one append may hold in all, in [`bytes`](Self::bytes): 256 MiB.
    pub const MAX_BYTES: usize = 256 * 1024 * 1024;
    /// How many bytes of appends may wait in a store to be written, in [`bytes`](Self::bytes) and 1 KiB for each: 256 MiB.
    /// The next one is [`StoreError::Busy`].
    pub const MAX_WAITING: usize = 256 * 1024 * 1024;

    /// The events with their ids, in order.
    pub fn identified(&self) -> impl Iterator<Item = (EventId, &NewEvent)> {
        let ids = (0..).map(|index| EventId::of(self.command_id, index));
        ids.zip(&self.events)
    }

    /// Whether a stream that is at a version, and ends with an event, is as expected.
    pub fn allows(&self, actual: Version, last: impl FnOnce() -> Option<EventId>) -> bool {
        self.expect.allows(actual) && (self.expect_last.is_none() || self.expect_last == last())
    }

    /// The event that the stream ends with when this is stored.
    pub fn last_event(&self) -> EventId {
        EventId::of_last(self.command_id, self.events.len())
    }

    /// How many bytes it holds: payloads, the snapshot, the rows, and the metadata once for each event.
    pub fn bytes(&self) -> usize {
        let payloads: usize = self
            .events
            .iter()
            .map(|event| event.payload.get().len())
            .sum();
        let snapshot = self
            .snapshot
            .as_ref()
            .map_or(0, |snapshot| snapshot.state.get().len());
        let rows: usize = self.rows.iter().map(InlineRow::bytes).sum();
        payloads + snapshot + rows + self.metadata.json().len() * self.events.len()
    }

    /// Checks the limits that every store has. Every store calls it first.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] names the limit.
    pub fn check(&self) -> Result<(), StoreError> {
        self.find_invalid().map_err(|source| StoreError::Invalid {
            stream: self.stream.clone(),
            source,
        })
    }

    /// The version of the stream after the append, if it is now at `before`.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] beyond the highest possible version.
    pub fn version_after(&self, before: Version) -> Result<Version, StoreError> {
        let after = u64::try_from(self.events.len())
            .ok()
            .and_then(|events| before.after(events));
        after.ok_or_else(|| StoreError::Invalid {
            stream: self.stream.clone(),
            source: InvalidAppend::VersionOverflow,
        })
    }

    fn find_invalid(&self) -> Result<(), InvalidAppend> {
        if self.events.is_empty() {
            return Err(InvalidAppend::Empty);
        }
        if self.events.len() > Self::MAX_EVENTS {
            return Err(InvalidAppend::TooMany {
                count: self.events.len(),
                limit: Self::MAX_EVENTS,
            });
        }
        check_name(&self.stream.aggregate_type)?;
        check_json("the metadata", self.metadata.json())?;
        for event in &self.events {
            check_name(&event.event_type)?;
            if event.schema_version == 0 {
                return Err(InvalidAppend::SchemaVersion {
                    event: event.event_type.to_string(),
                });
            }
            check_json(&event.event_type, event.payload.get())?;
        }
        if self.bytes() > Self::MAX_BYTES {
            return Err(InvalidAppend::too_large(
                "the append",
                self.bytes(),
                Self::MAX_BYTES,
            ));
        }
        let count = u64::try_from(self.events.len()).unwrap_or(u64::MAX);
        let after = match self.expect.version() {
            Some(before) => Some(before.after(count).ok_or(InvalidAppend::VersionOverflow)?),
            None => None,
        };
        self.check_rows(after)?;
        let Some(snapshot) = &self.snapshot else {
            return Ok(());
        };
        check_json("the snapshot", snapshot.state.get())?;
        match after {
            Some(after) if after == snapshot.version => Ok(()),
            Some(after) => Err(InvalidAppend::SnapshotVersion {
                snapshot: snapshot.version,
                after,
            }),
            None => Err(InvalidAppend::SnapshotWithoutVersion),
        }
    }

    /// Checks the rows of an append that brings its stream to a version.
    fn check_rows(&self, after: Option<Version>) -> Result<(), InvalidAppend> {
        for (index, row) in self.rows.iter().enumerate() {
            let mut earlier = self.rows[..index].iter();
            let what = match after {
                None => Some("it needs an exact expected version"),
                Some(_) if earlier.any(|it| it.table.name == row.table.name) => {
                    Some("the append has another row of this table")
                }
                Some(after) => row.find_invalid(&self.stream, after),
            };
            if let Some(what) = what {
                let table = row.table.name;
                return Err(InvalidAppend::Row { table, what });
            }
        }
        Ok(())
    }
}

pub(super) fn check_name(name: &str) -> Result<(), InvalidAppend> {
    if name.is_empty() || name.len() > Append::MAX_NAME || name.chars().any(char::is_control) {
        return Err(InvalidAppend::Name {
            name: name.to_owned(),
            limit: Append::MAX_NAME,
        });
    }
    Ok(())
}

/// Checks how large the JSON of a payload, a snapshot or metadata is, and how deep.
pub(crate) fn check_json(what: &str, json: &str) -> Result<(), InvalidAppend> {
    let bytes = json.len();
    if bytes > Append::MAX_PAYLOAD {
        return Err(InvalidAppend::too_large(what, bytes, Append::MAX_PAYLOAD));
    }
    if is_deeper(json, Append::MAX_DEPTH) {
        return Err(InvalidAppend::TooDeep {
            what: what.to_owned(),
            limit: Append::MAX_DEPTH,
        });
    }
    Ok(())
}

/// Whether lists and objects are nested deeper than a limit.
fn is_deeper(json: &str, limit: usize) -> bool {
    // Each list and object also has an end, so a short text has no room for that many. Few long texts have that many at all,
    // and counting them is much faster than following how they are nested.
    let opens = |bracket: char| json.match_indices(bracket).take(limit + 1).count();
    if json.len() / 2 <= limit || opens('[') + opens('{') <= limit {
        return false;
    }
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' if depth == limit => return true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

impl NewSnapshot {
    /// Checks the limits that hold for every snapshot. Every store calls it first.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] names the limit.
    pub fn check(&self, stream: &StreamId) -> Result<(), StoreError> {
        let checked = check_json("the snapshot", self.state.get());
        checked.map_err(|source| StoreError::Invalid {
            stream: stream.clone(),
            source,
        })
    }
}
