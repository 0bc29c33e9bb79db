//! The rule grammar: what changes a state, in the list of its events and on its fields.
//!
//! ```text
//! list:    EVENT [of AGGREGATE] [by KEY] [=> FUNCTION | ()], …
//! field:   #[on(EVENT = value, EVENT += value, EVENT => |field, e| …)]
//! ```
//!
//! Aggregates, read models and processes share it. They differ in what a rule sees: in an aggregate the event itself, elsewhere
//! `Recorded<E>`, with what the log knows about the event. [`subject::Subject`] says which; nothing else here depends on it.
//!
//! Each macro adds its own checks, such as which parts of an entry it takes.

pub(crate) mod check;
pub(crate) mod emit;
pub(crate) mod entry;
pub(crate) mod rule;
pub(crate) mod subject;
