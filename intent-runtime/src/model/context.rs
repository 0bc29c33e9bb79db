//! [`Context`]: what a decision knows besides state and command.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::record::{
    id::{CommandId, Id, TenantId, derived},
    metadata::Metadata,
    timestamp::Timestamp,
};

/// The circumstances of one command: clock, new ids, metadata, tenant.
///
/// Each `send` has one, and it always gives the same answers: the clock stands still, and new ids follow from the command id.
/// So if a decision is repeated after a conflict, it decides the same.
///
/// ```
/// use intent_runtime::{Context, Metadata};
/// let context = Context::new().with_metadata(Metadata::new().actor("ada"));
/// assert_eq!(context.metadata().actor.as_deref(), Some("ada"));
/// assert_eq!(context.now(), context.now());
/// ```
#[derive(Debug)]
pub struct Context {
    command_id: CommandId,
    tenant_id: TenantId,
    now: Timestamp,
    metadata: Metadata,
    new_ids: AtomicU32,
}

impl Context {
    /// A context of now, for a command without metadata in the default tenant.
    #[expect(
        clippy::new_without_default,
        reason = "a default that differs each time would surprise"
    )]
    pub fn new() -> Self {
        Self::of(CommandId::new(), TenantId::DEFAULT, Metadata::new())
    }

    pub(crate) fn of(command_id: CommandId, tenant_id: TenantId, metadata: Metadata) -> Self {
        let now = metadata.timestamp.unwrap_or_else(Timestamp::now);
        Self {
            command_id,
            tenant_id,
            now,
            metadata,
            new_ids: AtomicU32::new(0),
        }
    }

    /// The same, at another time.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    /// The same, for the command with this id.
    #[must_use]
    pub fn with_command_id(mut self, id: CommandId) -> Self {
        self.command_id = id;
        self
    }

    /// The same, with metadata; its time, if it has one, is the time of the context.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.now = metadata.timestamp.unwrap_or(self.now);
        self.metadata = metadata;
        self
    }

    /// The same, in another tenant.
    #[must_use]
    pub fn with_tenant(mut self, tenant: TenantId) -> Self {
        self.tenant_id = tenant;
        self
    }

    /// The time of the decision: the metadata's time if one was given, else the time of sending.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A new id. The same command always gets the same n-th id.
    pub fn new_id<T>(&self) -> Id<T> {
        let index = self.new_ids.fetch_add(1, Ordering::Relaxed);
        Id::from_uuid(derived(self.command_id, b"new id", index))
    }

    /// The id of the command.
    pub fn command_id(&self) -> CommandId {
        self.command_id
    }

    /// The tenant it is decided in.
    pub fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    /// What is known about the command besides its content.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Makes the next attempt decide with the same new ids.
    pub(crate) fn begin_attempt(&self) {
        self.new_ids.store(0, Ordering::Relaxed);
    }
}
