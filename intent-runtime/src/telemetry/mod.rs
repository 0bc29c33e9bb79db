//! The names of spans and of their fields, in one place.
//!
//! | span | fields | around |
//! |---|---|---|
//! | `intent.send` | `command`, `id` | one command, with its retries |
//! | `intent.load` | `aggregate`, `id`, and `version` or `as_of` | one load, whichever moment it is of |
//! | `intent.snapshot` | `aggregate`, `id` | one snapshot on demand |

use tracing::{Span, debug_span};

use std::fmt;

const SEND: &str = "intent.send";
pub(crate) const SNAPSHOT: &str = "intent.snapshot";
pub(crate) const LOAD: &str = "intent.load";

pub(crate) fn send(command: &str, id: impl fmt::Display) -> Span {
    debug_span!(SEND, command, %id)
}
