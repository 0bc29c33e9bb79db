//! Histories as plain text: [`Export`] writes the events of a store as JSON lines, [`Import`] stores them in any store as
//! they were recorded.
//!
//! # The format
//!
//! The first line names the format, each of the following is one event, and the last one says how many there are:
//!
//! ```json
//! {"intent_history":1,"sum":"…"}
//! {"tenant_id":"…","aggregate_type":"Account","aggregate_id":"…","version":1,"event_type":"Opened","schema_version":1,"payload":{"owner":"Ada"},"metadata":{},"recorded_at":"2026-01-01T12:00:00.000000Z","event_id":"…","sum":"…"}
//! {"events":1,"sum":"…"}
//! ```
//!
//! The first line also has the `tenant_id` of an export of one tenant, which another tenant may import. The order is that
//! of the log. A payload stands as it is stored, to the byte; one that has line breaks or is not JSON is the text
//! `payload_text` instead. Metadata stands likewise, with fields that only newer builds know, and is `metadata_text`
//! instead. Positions are left out, for each store gives out its own: so one history is the same file
//! whichever store it comes from. `sum` is the start of a SHA-256 over the sum of the line before and this
//! line, so a line that was altered, lost or moved is found out where it happens, and a file that ends too soon lacks
//! its last line.

pub(crate) mod export;
mod format;
pub(crate) mod import;

pub use export::{Export, ExportError, Exported};
pub use import::{Import, ImportError};
