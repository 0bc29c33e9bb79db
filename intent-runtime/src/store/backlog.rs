//! How much may wait to be written: one figure and one error for every store that queues.

use crate::store::{append::Append, error::StoreError};

/// What a request takes beside its JSON, roughly.
const OVERHEAD: usize = 1024;

/// What waits to be written.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    requests: usize,
    bytes: usize,
}

impl Backlog {
    /// Whether a request of this many bytes of JSON may wait. If no other waits, any request may, however large it is.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        let after = self.bytes.saturating_add(bytes).saturating_add(OVERHEAD);
        self.requests == 0 || after <= Append::MAX_WAITING
    }

    /// Counts a request that waits.
    pub(super) fn add(&mut self, bytes: usize) {
        self.requests += 1;
        self.bytes = self.bytes.saturating_add(bytes).saturating_add(OVERHEAD);
    }

    /// Counts a request that waits no longer.
    pub(super) fn remove(&mut self, bytes: usize) {
        self.requests = self.requests.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes.saturating_add(OVERHEAD));
    }

    /// The error of a request for which there is no room.
    pub(super) fn full(place: impl ToString) -> StoreError {
        StoreError::Busy {
            place: place.to_string(),
            source: "as many appends wait as may: send less at once".into(),
        }
    }
}
