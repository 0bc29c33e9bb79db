//! The names of spans and of their fields, in one place.
//!
//! | span | fields | around |
//! |---|---|---|
//! | `intent.send` | `command`, `stream`, `command_id`, `attempts`, `version` | one command, with its retries |
//! | `intent.load` | `stream`, `version` | one load, whichever moment it is of |

/// One command, from the call to the receipt.
pub(crate) const SEND: &str = "intent.send";
/// One load.
pub(crate) const LOAD: &str = "intent.load";
