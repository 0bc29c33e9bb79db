//! [`Page`]: what a reader of the log is given at once.

use crate::record::{cursor::Cursor, event::RecordedEvent};

/// A stretch of the log: the wanted events of it, and where it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<E = RecordedEvent> {
    /// The wanted events, in order. There may be none before the cursor.
    pub events: Vec<E>,
    /// Where to read on: after the last event, and after the unwanted ones that follow it. Keep it with what you made of the
    /// events.
    pub cursor: Cursor,
    /// Whether the log ended here when the page was read.
    pub end: bool,
}
