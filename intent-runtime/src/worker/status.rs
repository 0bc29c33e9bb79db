//! What a worker is doing.

use crate::record::cursor::Cursor;

/// What a worker of this process is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerStatus {
    /// What it is doing.
    pub activity: Activity,
    /// Up to where its rows are written.
    pub cursor: Cursor,
    /// How many tenants it holds back.
    pub parked: u64,
}

/// See [`WorkerStatus`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Activity {
    /// It begins, or another process does the work.
    Waiting,
    /// It stands still, since an operator asked for that.
    Paused,
    /// It makes rows that are not read yet.
    Building,
    /// It is behind the log.
    CatchingUp,
    /// It has what is in the log.
    Live,
    /// It failed and tries again: the error.
    Failing(String),
    /// It was stopped.
    Stopped,
}

impl WorkerStatus {
    pub(crate) const fn new() -> Self {
        Self {
            activity: Activity::Waiting,
            cursor: Cursor::START,
            parked: 0,
        }
    }
}
