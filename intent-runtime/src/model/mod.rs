//! The types behind an aggregate and its events, for generated code and for an [`Aggregate`](trait@crate::Aggregate) that
//! you write by hand.

pub(crate) mod aggregate;
pub(crate) mod any_command;
pub(crate) mod command;
pub(crate) mod command_json;
pub(crate) mod context;
pub(crate) mod decoded;
pub(crate) mod emits;
pub(crate) mod emitted;
pub(crate) mod event;
pub(crate) mod hears;
pub(crate) mod history;
pub(crate) mod identity;
pub(crate) mod json_object;
pub(crate) mod kinds;
pub(crate) mod overflow;
pub(crate) mod projection;
pub(crate) mod read_model;
pub(crate) mod recorded;
pub(crate) mod schema_version;
pub(crate) mod shown;
pub(crate) mod snapshot;
pub(crate) mod upcast;

pub use command::IntoEvents;
pub use decoded::Decoded;
pub use event::{AggregateEvent, EventOf, SplitOf};
pub use kinds::EventKind;
pub use schema_version::SchemaVersion;
pub use shown::{Shown, ShownFields};
pub use snapshot::SnapshotCodec;
pub use upcast::KeyChange;
