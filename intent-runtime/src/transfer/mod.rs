//! Histories as text: [`Export`] writes the events of a store as JSON lines, and [`Import`] stores them in any store as they
//! were recorded.
//!
//! # The format
//!
//! The first line names the format, each following line is one event, and the last line counts them:
//!
//! ```json
//! {"intent_history":1,"sum":"…"}
//! {"tenant_id":"…","aggregate_type":"Account","aggregate_id":"…","version":1,"event_type":"Opened","schema_version":1,"payload":{"owner":"Ada"},"metadata":{},"recorded_at":"2026-01-01T12:00:00.000000Z","event_id":"…","sum":"…"}
//! {"events":1,"sum":"…"}
//! ```
//!
//! In an export of one tenant, the first line also has its `tenant_id`, and another tenant may import it. The order is that
//! of the log. A payload has the bytes that are stored. If it has line breaks or is not JSON, it is the text `payload_text`
//! instead. Metadata is written in the same way, with fields that only newer builds know, or as `metadata_text`. Positions are left
//! out, because each store makes its own. An event that has a time of its own, another than when it was stored, has it as
//! `occurred_at`. So a history is the same file whichever store it comes from. `sum` is the start of
//! a SHA-256 over the sum of the line before and this line. So an import finds the line that was altered, lost or moved, and a
//! file that ends too soon lacks its last line.

pub(crate) mod export;
mod format;
pub(crate) mod import;

pub use export::{Export, ExportError, Exported};
pub use import::{Import, ImportError};
