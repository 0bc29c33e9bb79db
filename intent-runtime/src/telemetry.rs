//! The names of spans and of their fields, in one place.
//!
//! | span | fields | around |
//! |---|---|---|
//! | `intent.send` | `command`, `id` | one command, with its retries |
//! | `intent.load` | `aggregate`, `id`, and `version` or `time` | one load, whichever moment it is of |
//! | `intent.snapshot` | `aggregate`, `id` | one snapshot on demand |

/// One command, from the call to the receipt.
pub(crate) const SEND: &str = "intent.send";
/// One snapshot on demand.
pub(crate) const SNAPSHOT: &str = "intent.snapshot";
/// One load.
pub(crate) const LOAD: &str = "intent.load";
