//! Tenants that are held back, since one of their events could not be applied, and how they go on.

use std::{mem, sync::Arc};

use crate::{
    store::{
        error::StoreError,
        tables::{Flush, Parked, Tables},
    },
    worker::{error::WorkerError, folder::Unwritten, runner::Runner, work::Work},
};

impl Runner {
    /// Holds a tenant back. `false` if the lease is lost.
    pub(super) async fn park(
        &mut self,
        tables: &dyn Tables,
        work: &mut Work,
        parked: Parked,
    ) -> Result<bool, StoreError> {
        self.tell_of(&parked);
        let flush = self.flush_of(work);
        let park = std::slice::from_ref(&parked);
        if !tables.flush(Flush { park, ..flush }).await? {
            return Ok(false);
        }
        self.parked.insert(parked.tenant);
        work.wrote();
        self.tell(work);
        Ok(true)
    }

    /// Notes that a tenant is held back by another event, or for another reason. `false` if the lease is lost.
    async fn hold_back_still(
        &self,
        tables: &dyn Tables,
        work: &Work,
        parked: &Parked,
    ) -> Result<bool, StoreError> {
        self.tell_of(parked);
        let (park, flush) = (std::slice::from_ref(parked), self.flush_of(work));
        tables.flush(Flush { park, ..flush }).await
    }

    fn tell_of(&self, parked: &Parked) {
        tracing::error!(
            worker = self.worker,
            tenant = %parked.tenant,
            event = %parked.event,
            reason = parked.reason,
            "an event cannot be applied: its tenant is held back"
        );
    }

    /// Applies what a tenant was held back from, up to where the others are. `false` if the lease is lost.
    pub(super) async fn resume(
        &mut self,
        tables: &dyn Tables,
        work: &mut Work,
        mut parked: Parked,
    ) -> Result<bool, WorkerError> {
        let bound = work.lease.cursor;
        let end = bound.place().map_or(0, |(_, position)| position.get());
        let mut careful = None;
        loop {
            let page = self.log_of(parked.tenant, parked.after).next_page().await?;
            let (mut events, mut is_last) = (page.events, page.end);
            let in_bound = events.partition_point(|event| event.position.get() <= end);
            is_last |= in_bound < events.len()
                || page.cursor.place().is_some_and(|(_, at)| at.get() >= end);
            let count = careful.unwrap_or(usize::MAX).min(in_bound);
            is_last &= count == in_bound;
            events.truncate(count);
            let culprit = events.last().map(|event| event.id);
            let to = match events.last() {
                Some(last) if !is_last => self.after(last),
                _ => page.cursor,
            };
            let mut events = events.into_iter().map(Arc::new).collect();
            self.leave_out_skipped(&mut events);
            let folded = self.fold(tables, events, true).await?;
            let flush = self.flush_of(work);
            let changed = || self.folder.changed();
            let written = match (folded.and_then(|()| changed()), culprit) {
                (Ok(changed), _) => {
                    let before = mem::replace(&mut parked.after, to);
                    let (tenant, park) = ([parked.tenant], [parked.clone()]);
                    let (park, resume): (&[_], &[_]) = match is_last {
                        true => (&[], &tenant),
                        false => (&park, &[]),
                    };
                    careful = careful.map(|count: usize| count.saturating_mul(2));
                    let flush = Flush {
                        park,
                        resume,
                        ..flush.with(&changed)
                    };
                    match self.write_most(tables, work, &changed.put).await? {
                        Some(put) => match self.put(tables, Flush { put, ..flush }).await {
                            Ok(written) => written,
                            Err(Unwritten::Worker(error)) => return Err(error),
                            Err(Unwritten::Event { event, reason, .. }) => {
                                parked = Parked::new(parked.tenant, before, event, reason);
                                is_last = true;
                                self.hold_back_still(tables, work, &parked).await?
                            }
                        },
                        None => false,
                    }
                }
                (Err(fault), Some(event)) if count <= 1 => {
                    let event = fault.culprit.unwrap_or(event);
                    parked = Parked::new(parked.tenant, parked.after, event, fault.reason);
                    is_last = true;
                    self.hold_back_still(tables, work, &parked).await?
                }
                _ => {
                    careful = Some((count / 2).max(1));
                    is_last = false;
                    true
                }
            };
            self.folder.forget();
            if !written {
                return Ok(false);
            }
            if is_last {
                let parked = tables.parked(&self.worker).await?;
                self.parked = parked.iter().map(|parked| parked.tenant).collect();
                self.tell(work);
                return Ok(true);
            }
        }
    }
}
