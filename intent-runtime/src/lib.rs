#![doc = include_str!("../README.md")]
#![warn(unreachable_pub)]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod aggregate;
mod app;
mod arithmetic;
mod bounded_json;
pub mod bounds;
mod catalogue;
mod checks;
mod clock;
mod command;
mod context;
mod decoded;
mod difference;
mod dispatch;
mod error;
mod event;
mod id;
mod json_object;
pub mod lock;
mod macros;
mod metadata;
mod overflow;
mod rule;
mod schema_version;
mod sentence;
mod snapshot;
mod state_version;
pub mod store;
mod subscription;
mod telemetry;
pub mod testing;
mod timestamp;
pub mod transfer;
mod upcast;
mod version;

pub use aggregate::Aggregate;
pub use app::{Acting, Actor, App, AppBuilder, ConnectError, Domain, Follow, IntoStore, Tenant};
pub use catalogue::{
    AggregateKind, Catalogue, CommandKind, CommandList, DomainError, DomainMistake, Emits,
};
pub use clock::{Clock, SystemClock};
pub use command::{Command, Decide, Decision, IntoEvents};
pub use context::Context;
pub use decoded::Decoded;
pub use dispatch::{Loaded, Receipt, Refusal, SendOptions};
pub use error::{CreateError, HistoryError, LoadError, Reused, SendError};
pub use event::{
    AggregateEvent, Event, EventKind, EventOf, NewEvent, Recorded, RecordedEvent, SplitOf,
};
pub use id::{AggregateId, CommandId, CorrelationId, EventId, Id, ParseIdError, TenantId};
pub use json_object::JsonObject;
pub use metadata::{EncodedMetadata, Metadata};
pub use overflow::Overflow;
pub use schema_version::SchemaVersion;
pub use snapshot::{NewSnapshot, Snapshot, SnapshotCodec, StoredSnapshot};
pub use store::MemoryStore;
#[cfg(feature = "postgres")]
pub use store::PgStore;
#[cfg(feature = "sqlite")]
pub use store::SqliteStore;
pub use store::{AsOf, Cursor, Expect, LogFilter, Store, StoreError, StreamId};
pub use subscription::Subscription;
pub use testing::{Scenario, Then};
pub use timestamp::{Timestamp, TimestampError};
pub use transfer::{Export, ExportError, Exported, Import, ImportError};
pub use upcast::{DecodeError, KeyChange, UpcastError};
pub use version::{Position, Version};

// The derive shares its name with the trait, as serde's do.
pub use macros::{Aggregate, command, commands, create, event, handle, value};

/// What a domain file needs, and a program that sends to it or follows its log: `use intent_runtime::prelude::*;`.
pub mod prelude {
    pub use crate::Actor;
    pub use crate::Aggregate;
    pub use crate::AggregateEvent;
    pub use crate::App;
    pub use crate::AsOf;
    pub use crate::Command;
    pub use crate::CommandId;
    pub use crate::Context;
    pub use crate::Cursor;
    pub use crate::Decide;
    pub use crate::Domain;
    pub use crate::Event;
    pub use crate::Id;
    pub use crate::JsonObject;
    pub use crate::LoadError;
    pub use crate::Loaded;
    pub use crate::LogFilter;
    pub use crate::Metadata;
    pub use crate::Overflow;
    pub use crate::Receipt;
    pub use crate::RecordedEvent;
    pub use crate::Scenario;
    pub use crate::SendError;
    pub use crate::SendOptions;
    pub use crate::Snapshot;
    pub use crate::StoreError;
    pub use crate::Tenant;
    pub use crate::TenantId;
    pub use crate::Timestamp;
    pub use crate::UpcastError;
    pub use crate::Version;
    pub use crate::command;
    pub use crate::commands;
    pub use crate::create;
    pub use crate::event;
    pub use crate::handle;
    pub use crate::value;
}
