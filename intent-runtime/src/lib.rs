//! The runtime.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod aggregate;
mod catalogue;
mod command;
mod context;
mod error;
mod event;
mod id;
mod json_object;
mod metadata;
mod snapshot;
pub mod store;
mod timestamp;
mod upcast;
mod version;

pub use aggregate::Aggregate;
pub use catalogue::{AggregateKind, Catalogue, CommandKind, CommandList};
pub use command::{Command, Decide, Decision, IntoEvents};
pub use context::Context;
pub use error::{CreateError, HistoryError, LoadError, RegisterError, SendError};
pub use event::{AggregateEvent, Event, EventKind, EventOf, NewEvent, Recorded, RecordedEvent};
pub use id::{AggregateId, CommandId, CorrelationId, EventId, Id, TenantId};
pub use json_object::JsonObject;
pub use metadata::Metadata;
pub use snapshot::{NewSnapshot, Snapshot, SnapshotCodec, StoredSnapshot};
pub use store::MemoryStore;
#[cfg(feature = "sqlite")]
pub use store::SqliteStore;
pub use store::{AsOf, Expect, Store, StoreError, StreamId};
pub use timestamp::{Timestamp, TimestampError};
pub use upcast::{DecodeError, UpcastError};
pub use version::{Position, Version};
