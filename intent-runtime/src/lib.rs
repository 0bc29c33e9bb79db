#![doc = include_str!("../README.md")]
#![warn(unreachable_pub)]

mod app;
mod by_name;
mod dispatch;
mod log;
mod macro_support;
pub mod model;
pub mod read_model;
mod record;
mod schema;
pub mod store;
mod telemetry;
pub mod testing;
pub mod transfer;
mod worker;

pub use macro_support::bounds;
// The derive shares its name with the trait, as serde's do.
pub use app::{
    App,
    acting::Acting,
    builder::{AppBuilder, ConnectError},
    check::{Finding, Severity},
    domain::Domain,
    lookup::{Correlation, Ids, LookBack},
    models::{BuildActivity, BuildView, HeldBackView, Lag, ModelMode, ModelView, SkippedView},
    operate::SkipRequest,
    projection::ProjectionHandle,
    tenant::Tenant,
    transaction::AppTransaction,
    workers::{StopError, WorkerOptions, Workers},
};
pub use by_name::{
    error::ByNameError,
    history::{EventView, HistoryPage},
    outcome::{EventJson, Proposed, Sent, Tried},
    state_view::StateView,
};
pub use dispatch::{
    actor::Actor,
    as_of::AsOf,
    error::{LoadError, SendError},
    load::Loaded,
    options::{Receipt, SendOptions},
};
pub use log::{filter::LogFilter, follow::Follow, page::Page, subscription::Subscription};
pub use macro_support::macros::{
    Aggregate, ReadModel, aggregate, command, commands, create, event, handle, read_model, value,
};
pub use model::{
    aggregate::Aggregate,
    any_command::AnyRefusal,
    command::{Command, Decide, Decision, Refusal},
    context::Context,
    emitted::Emitted,
    event::Event,
    hears::Hears,
    history::{CreateError, HistoryError},
    json_object::JsonObject,
    overflow::Overflow,
    projection::{Projection, ProjectionError, ProjectionTransaction},
    read_model::{ReadModel, json::Json},
    recorded::Recorded,
    snapshot::Snapshot,
    upcast::{DecodeError, UpcastError},
};
pub use read_model::{
    error::{OperateError, ReadError, WaitError},
    read::Rows,
};
pub use record::{
    cursor::Cursor,
    event::RecordedEvent,
    id::{AggregateId, CommandId, CorrelationId, EventId, Id, TenantId},
    metadata::Metadata,
    timestamp::Timestamp,
    traceparent::Traceparent,
    version::{Position, Version},
};
pub use schema::catalogue::{self, DomainError};
#[cfg(feature = "lock")]
pub use schema::lock;
#[cfg(feature = "postgres")]
pub use store::PgStore;
#[cfg(feature = "sqlite")]
pub use store::SqliteStore;
pub use store::{MemoryStore, StoreError};
pub use testing::Scenario;
pub use worker::status::{Activity, BuildName, WorkerStatus};

/// What generated code may name. Not part of the public interface: anything here can change in any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::macro_support::*;
}

/// Where the time comes from: [`Clock`](clock::Clock), and the one of the system.
pub mod clock {
    pub use crate::record::clock::{Clock, SystemClock};
}

/// Errors of the front door: one lower-case sentence each, with the cause kept as [`source`](std::error::Error::source).
pub mod error {
    pub use crate::{
        app::append::AppendError,
        by_name::error::{ByNameError, Named},
        dispatch::error::{LoadError, Reused, SendError},
        model::history::{CreateError, HistoryError},
        record::{
            id::ParseIdError, metadata::MetadataError, timestamp::TimestampError,
            traceparent::ParseTraceparentError,
        },
        schema::catalogue::mistake::DomainMistake,
    };
}

/// What a domain file needs, and a service that sends to it, reads it and follows its log: `use intent_runtime::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Acting, Actor, Aggregate, AggregateId, App, AsOf, ByNameError, Command, CommandId, Context,
        Cursor, Decide, Domain, Emitted, Event, EventId, HistoryPage, Id, Json, JsonObject,
        LoadError, Loaded, LogFilter, Metadata, OperateError, Overflow, ReadError, ReadModel,
        Receipt, Recorded, RecordedEvent, Scenario, SendError, SendOptions, Snapshot, StateView,
        StoreError, Tenant, TenantId, Timestamp, UpcastError, Version, WaitError, Workers,
        aggregate, command, commands, create, event, handle, read_model, value,
    };
}
