//! The names of spans and of their fields, in one place.
//!
//! | span | fields | around |
//! |---|---|---|
//! | `intent.send` | `command`, `id` | one command, with its retries |
//! | `intent.load` | `aggregate`, `id`, and `version` or `as_of` | one load, whichever moment it is of |
//! | `intent.snapshot` | `aggregate`, `id` | one snapshot on demand |

use tracing::{Span, debug_span};

use std::fmt;

/// One command, from the call to the receipt.
const SEND: &str = "intent.send";
/// One snapshot on demand.
pub(crate) const SNAPSHOT: &str = "intent.snapshot";
/// One load.
pub(crate) const LOAD: &str = "intent.load";

/// The span of a command.
pub(crate) fn send(command: &str, id: impl fmt::Display) -> Span {
    debug_span!(SEND, command, %id)
}
