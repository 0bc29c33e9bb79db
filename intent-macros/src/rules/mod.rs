//! The rule grammar: what changes a state, in the list of its events and on its fields.
//!
//! ```text
//! list:    EVENT [of AGGREGATE] [by KEY] [=> FUNCTION | ()], …
//! field:   #[on(EVENT = value, EVENT += value, EVENT => |field, e| …)]
//! ```
//!
//! Aggregates, read models and processes write it alike. They differ in how an event comes to a rule: an aggregate's rule sees the event
//! itself, all others see it with what the log knows about it. [`emit::Emitter`] is told which; nothing else here depends on it.
//!
//! Each use has checks of its own, such as which parts of an entry it takes.

pub(crate) mod check;
pub(crate) mod emit;
pub(crate) mod entry;
pub(crate) mod rule;
