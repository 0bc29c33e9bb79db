//! [`Overtaken`]: why a transaction cannot go on.

use crate::store::error::Cause;

/// The cause of a [`StoreError::Busy`](crate::StoreError::Busy) that only a new transaction ends. Another transaction changed what
/// this one has read, and this one cannot see the change. Sending again in the same transaction fails again.
#[derive(Debug, thiserror::Error)]
#[error("{advice}")]
pub struct Overtaken {
    advice: &'static str,
    source: Cause,
}

impl Overtaken {
    /// What to do, as a sentence, and what the database said. For stores.
    pub fn new(advice: &'static str, source: impl Into<Cause>) -> Self {
        Self {
            advice,
            source: source.into(),
        }
    }
}
