//! What a runner has under way.

use std::{pin::pin, sync::Arc};

use futures_util::future::{Either, select};
use tokio::time::{Instant, timeout_at};

use crate::{
    log::page::Page,
    record::{cursor::Cursor, event::RecordedEvent},
    store::{
        error::StoreError,
        tables::{LastEvent, Lease},
    },
    worker::{leases::Wanted, publish::Due, reading::Reading, runner::PAGE},
};

/// The part of the log that is being worked off.
pub(super) struct Work {
    pub(super) log: Reading,
    pub(super) lease: Lease,
    /// When the checkpoint was written last.
    pub(super) written: Instant,
    /// Up to where events are applied, and whether the log ends there.
    pub(super) applied: (Cursor, bool),
    /// The last event that was applied and is not written.
    pub(super) last: Option<LastEvent>,
    /// Whether tenants that are held back are yet to be tried again.
    pub(super) retries: bool,
    /// When the build is to be published.
    pub(super) publish: Due,
    /// Whether the rows that no event led to were made anew.
    pub(super) swept: bool,
    /// When what is applied is to be written.
    pub(super) due: Option<Instant>,
    /// How many events are applied before they are written, after an event could not be applied. So the culprit is found.
    pub(super) careful: Option<usize>,
}

impl Work {
    pub(super) fn new(mut log: Reading, lease: Lease) -> Self {
        log.go_to(lease.cursor);
        Self {
            log,
            lease,
            written: Instant::now(),
            applied: (lease.cursor, false),
            last: None,
            retries: false,
            publish: Due::now(),
            swept: false,
            due: None,
            careful: None,
        }
    }

    /// The next page, or `None` when something is to be written or the store has said something of the lease.
    pub(super) async fn next(
        &mut self,
        wanted: &mut Wanted,
    ) -> Result<Option<Page<Arc<RecordedEvent>>>, StoreError> {
        let due = [self.due, Due::of(self)].into_iter().flatten().min();
        let waits = async {
            match due {
                Some(due) => drop(timeout_at(due, wanted.news()).await),
                None => wanted.news().await,
            }
        };
        match select(pin!(self.log.next_page()), pin!(waits)).await {
            Either::Left((page, _)) => page.map(Some),
            Either::Right(_) => Ok(None),
        }
    }

    pub(super) fn is_unwritten(&self) -> bool {
        self.applied.0 != self.lease.cursor
    }

    /// Whether all that there is was written.
    pub(super) fn is_written(&self) -> bool {
        self.applied.1 && !self.is_unwritten()
    }

    /// The build is published.
    pub(super) fn publishes(&mut self) {
        self.lease.published = true;
        // The store says so too from now on.
        self.written = Instant::now();
    }

    /// What was applied is written.
    pub(super) fn wrote(&mut self) {
        self.lease.cursor = self.applied.0;
        self.written = Instant::now();
        self.lease.last = self.last.take().or(self.lease.last);
        self.due = None;
        let more = self.careful.map(|count| count.saturating_mul(2));
        self.careful = more.filter(|count| *count < PAGE && !self.applied.1);
    }
}
