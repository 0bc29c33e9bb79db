//! How a worker writes what it has: rows and links with the checkpoint, or what is written by hand.

use crate::{
    store::{
        error::StoreError,
        tables::{Flush, Row, Tables},
    },
    worker::{
        folder::{Changed, Unwritten},
        runner::Runner,
        work::Work,
    },
};

/// How many rows of an inline model are written at once. Commands to their streams wait meanwhile.
pub(super) const INLINE_AT_ONCE: usize = 500;

impl Runner {
    pub(super) fn flush_of<'a>(&'a self, work: &Work) -> Flush<'a> {
        let (leases, cursor) = (&self.process.leases, work.applied.0);
        Flush {
            heard: Some(&self.heard),
            last: work.last,
            ..Flush::new(
                &self.worker,
                self.build,
                work.lease,
                leases.owner,
                leases.lasts,
                cursor,
            )
        }
    }

    pub(super) async fn write(
        &self,
        tables: &dyn Tables,
        work: &Work,
        changed: &Changed,
    ) -> Result<bool, Unwritten> {
        let Some(put) = self.write_most(tables, work, &changed.put).await? else {
            return Ok(false);
        };
        let flush = self.flush_of(work).with(changed);
        self.put(tables, Flush { put, ..flush }).await
    }

    /// Writes rows and checkpoint, or what is written by hand.
    pub(super) async fn put(
        &self,
        tables: &dyn Tables,
        flush: Flush<'_>,
    ) -> Result<bool, Unwritten> {
        match self.folder.by_hand() {
            Some(hand) => hand.write(tables, flush).await,
            None => Ok(tables.flush(flush).await?),
        }
    }

    /// Writes rows of an inline model without the checkpoint until few are left, and returns those. A row says itself which events
    /// it has, so it may be ahead of the checkpoint. `None` if the lease is lost.
    pub(super) async fn write_most<'r>(
        &self,
        tables: &dyn Tables,
        work: &Work,
        put: &'r [Row],
    ) -> Result<Option<&'r [Row]>, StoreError> {
        if !self.build.table.inline {
            return Ok(Some(put));
        }
        let most = put.len().saturating_sub(1) / INLINE_AT_ONCE * INLINE_AT_ONCE;
        let (most, rest) = put.split_at(most);
        for put in most.chunks(INLINE_AT_ONCE) {
            let (cursor, flush) = (work.lease.cursor, self.flush_of(work));
            let flush = Flush {
                put,
                cursor,
                last: None,
                ..flush
            };
            if !tables.flush(flush).await? {
                return Ok(None);
            }
        }
        Ok(Some(rest))
    }
}
