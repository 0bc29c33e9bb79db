//! How a command is sent, and the receipt of it.

use std::fmt;

use crate::{
    model::aggregate::Aggregate,
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        id::{CommandId, Id},
        metadata::{Metadata, MetadataError},
        timestamp::Timestamp,
        version::Version,
    },
};

/// How a command is sent; every part of it can be left out.
///
/// ```
/// use intent_runtime::{CommandId, Metadata, SendOptions};
/// let options = SendOptions::new()
///     .command_id(CommandId::new())
///     .metadata(Metadata::new().actor("ada"))
///     .retries(3);
/// ```
///
/// Options are for one sending and cannot be cloned. To send a command again, name its id:
///
/// ```compile_fail,E0599
/// # use intent_runtime::SendOptions;
/// let options = SendOptions::new();
/// let again = options.clone(); // would be another command, which has its effect once more
/// ```
#[derive(Debug)]
pub struct SendOptions {
    pub(crate) command_id: Option<CommandId>,
    metadata: Metadata,
    /// What it inherits, or why that cannot be read.
    cause: Option<Result<Metadata, MetadataError>>,
    pub(crate) expect_version: Option<Version>,
    pub(crate) retries: u32,
}

impl SendOptions {
    /// How often a command is decided again after a conflict, unless [`retries`](Self::retries) says otherwise.
    pub const DEFAULT_RETRIES: u32 = 16;

    /// A new command id, no metadata, any version, [`DEFAULT_RETRIES`](Self::DEFAULT_RETRIES).
    pub fn new() -> Self {
        Self {
            command_id: None,
            metadata: Metadata::new(),
            cause: None,
            expect_version: None,
            retries: Self::DEFAULT_RETRIES,
        }
    }

    /// Gives the command an id. Under this id it has one effect, however often it is sent, and each further sending gets the
    /// receipt of the first. [`CommandId::new`] makes an id to keep for a retry, [`CommandId::from_key`] one from an idempotency
    /// key.
    ///
    /// The id with another aggregate, or with another command, is
    /// [`SendError::CommandIdReused`](crate::SendError::CommandIdReused). To recognise another command, a
    /// fingerprint is stored with the events: of the command's name and of what serde writes of it today.
    ///
    /// - The fields of structs count in any order, and without those that are null. So a command that has a new optional
    ///   field is still the same. `Some(None)` counts.
    /// - The entries of maps count in any order, even if their values are null. serde writes a struct with
    ///   `#[serde(flatten)]` as a map.
    /// - The elements of lists count in their order: use a `BTreeSet` rather than a `HashSet` in a command that may be sent
    ///   again.
    /// - A command that a release renames is another one.
    ///
    /// Events without a fingerprint, such as those of a command that was first sent without an id, are compared by their
    /// aggregate alone.
    ///
    /// An id is used up when events are stored under it. A command that was refused, or had nothing to do, is decided again.
    #[must_use]
    pub fn command_id(mut self, id: CommandId) -> Self {
        self.command_id = Some(id);
        self
    }

    /// Stores this metadata with every event that the command leads to.
    #[must_use]
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Makes the command follow from an event, a [`RecordedEvent`] or a [`Recorded`](crate::Recorded): it inherits the
    /// event's metadata, as [`Metadata::caused_by`] says, except for what [`metadata`](Self::metadata) says otherwise,
    /// before or after. When the event's metadata cannot be read, the sending fails with
    /// [`StoreError::Metadata`](crate::StoreError::Metadata).
    #[must_use]
    pub fn caused_by<'a>(mut self, event: impl Into<&'a RecordedEvent>) -> Self {
        self.cause = Some(Metadata::caused_by(event));
        self
    }

    /// Sends only if the aggregate is at this version; [`Version::NONE`] if it must not exist. The command is then not decided
    /// again after a conflict.
    #[must_use]
    pub fn expect_version(mut self, version: Version) -> Self {
        self.expect_version = Some(version);
        self
    }

    /// How often the command is decided again when others changed the aggregate meanwhile; 0 for never.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }
}

impl SendOptions {
    /// Sets when it happens, unless the metadata says so.
    pub(crate) fn at(mut self, now: Timestamp) -> Self {
        self.metadata.timestamp.get_or_insert(now);
        self
    }

    /// Sets the actor and its role, in place of any that the metadata names.
    pub(crate) fn of_actor(mut self, actor: &str, role: Option<&str>) -> Self {
        if let Some(Ok(cause)) = &mut self.cause {
            cause.role = None;
        }
        self.metadata.actor = Some(actor.to_owned());
        self.metadata.role = role.map(str::to_owned);
        self
    }

    /// The metadata of the command: what was given, and what it inherits.
    pub(crate) fn take_metadata(&mut self) -> Result<Metadata, MetadataError> {
        let given = std::mem::take(&mut self.metadata);
        match self.cause.take() {
            Some(cause) => Ok(given.or(cause?)),
            None => Ok(given),
        }
    }
}

impl Default for SendOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// The effect of a command.
#[non_exhaustive]
pub struct Receipt<A: Aggregate> {
    /// Which aggregate.
    pub id: Id<A>,
    /// The version of the aggregate after the command's events; if there were none, its version at the time.
    pub version: Version,
    /// The events of the command, in order; none if there was nothing to do.
    pub events: Vec<A::Event>,
    /// Where a reader of the log stands that has read the command's events: it has read them once its own cursor
    /// [compares](Cursor::compare) as no less. `None` without events, since there is nothing to wait for.
    ///
    /// In a transaction it is known at once, and means something once that has committed: after a rollback another command
    /// may have it.
    pub cursor: Option<Cursor>,
    /// The store's clock when the events were stored; `None` without events.
    pub recorded_at: Option<Timestamp>,
    /// The id of the command, given or new.
    pub command_id: CommandId,
    /// Whether the events were stored when the command was sent before, under the same command id.
    pub repeated: bool,
}

impl<A: Aggregate> fmt::Debug for Receipt<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("id", &self.id)
            .field("version", &self.version)
            .field("events", &self.events)
            .field("cursor", &self.cursor)
            .field("recorded_at", &self.recorded_at)
            .field("command_id", &self.command_id)
            .field("repeated", &self.repeated)
            .finish()
    }
}
