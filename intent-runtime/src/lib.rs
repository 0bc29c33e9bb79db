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
pub mod catalogue;
mod checks;
pub mod clock;
mod command;
mod context;
mod decoded;
mod difference;
mod dispatch;
pub mod error;
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
pub use app::{Acting, Actor, App, AppBuilder, ConnectError, Domain, Follow, Tenant};
pub use catalogue::DomainError;
pub use command::{Command, Decide, Decision};
pub use context::Context;
pub use dispatch::{Loaded, Receipt, Refusal, SendOptions};
pub use error::{CreateError, HistoryError, LoadError, SendError};
pub use event::{Event, Recorded, RecordedEvent};
pub use id::{AggregateId, CommandId, CorrelationId, EventId, Id, TenantId};
pub use json_object::JsonObject;
pub use metadata::Metadata;
pub use overflow::Overflow;
pub use snapshot::Snapshot;
pub use store::MemoryStore;
#[cfg(feature = "postgres")]
pub use store::PgStore;
#[cfg(feature = "sqlite")]
pub use store::SqliteStore;
pub use store::{AsOf, Cursor, LogFilter, StoreError};
pub use subscription::Subscription;
pub use testing::Scenario;
pub use timestamp::Timestamp;
pub use upcast::{DecodeError, UpcastError};
pub use version::{Position, Version};

// Named from their modules outside of this crate, from here within it.
pub(crate) use catalogue::{AggregateKind, Catalogue, CommandList, DomainMistake, Emits};
pub(crate) use clock::{Clock, SystemClock};
pub(crate) use command::IntoEvents;
pub(crate) use decoded::Decoded;
pub(crate) use error::Reused;
pub(crate) use event::{AggregateEvent, EventKind, EventOf, NewEvent, SplitOf};
pub(crate) use metadata::EncodedMetadata;
pub(crate) use schema_version::SchemaVersion;
pub(crate) use snapshot::{NewSnapshot, SnapshotCodec, StoredSnapshot};
pub(crate) use store::{Expect, Store, StreamId};
pub(crate) use transfer::{Export, Import};
pub(crate) use upcast::KeyChange;

/// The types behind an aggregate and its events. Generated code names them, and so does an
/// [`Aggregate`](trait@crate::Aggregate) written by hand.
pub mod model {
    pub use crate::{
        command::IntoEvents,
        decoded::Decoded,
        event::{AggregateEvent, EventKind, EventOf, SplitOf},
        schema_version::SchemaVersion,
        snapshot::SnapshotCodec,
        upcast::KeyChange,
    };
}

// The derive shares its name with the trait, as serde's do.
pub use macros::{Aggregate, aggregate, command, commands, create, event, handle, value};

/// What a domain file needs, and a service that sends to it, reads it and follows its log: `use intent_runtime::prelude::*;`.
pub mod prelude {
    pub use crate::Acting;
    pub use crate::Actor;
    pub use crate::Aggregate;
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
    pub use crate::aggregate;
    pub use crate::command;
    pub use crate::commands;
    pub use crate::create;
    pub use crate::event;
    pub use crate::handle;
    pub use crate::value;
}
