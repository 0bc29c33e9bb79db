//! What a worker does for a projection.

use std::{any::type_name, fmt, mem, panic::AssertUnwindSafe, sync::Arc};

use futures_util::{FutureExt as _, future::BoxFuture};

use crate::{
    model::{
        hears::Hears,
        projection::{Projection, ProjectionError, sealed::Lent as _},
        read_model::{column::UnfitCell, inline::message_of},
    },
    read_model::{
        fold::{guarded, unread},
        kind::hears,
    },
    record::{
        event::RecordedEvent,
        id::{EventId, TenantId},
    },
    store::{
        error::StoreError,
        port::Joinable,
        tables::{Beside, Flush, Key, Row, Tables},
    },
    worker::{
        error::WorkerError,
        folder::{ByHand, Changed, Fault, Folder, Size, Unwritten},
    },
};

/// A projection, with the events that it is to see next.
pub(crate) struct Hand<P: Projection> {
    projection: Arc<P>,
    hears: Hears<P::Event>,
    events: Vec<P::Event>,
    /// Which they are, those that it does not hear too.
    taken: Vec<(TenantId, EventId)>,
}

impl<P: Projection> Hand<P> {
    pub(crate) fn new(projection: Arc<P>) -> Self {
        Self {
            projection,
            hears: hears::<P>(),
            events: Vec::new(),
            taken: Vec::new(),
        }
    }

    /// Lets it see the events on a connection.
    async fn apply(&self, transaction: &mut P::Transaction) -> Result<(), Unwritten> {
        let applying = async { self.projection.apply(&self.events, transaction).await };
        // Whatever a panic leaves half-way is dropped after any error.
        let applied = AssertUnwindSafe(applying).catch_unwind().await;
        let applied = applied.unwrap_or_else(|panic| {
            let text = message_of(&*panic);
            Err(ProjectionError::new(format!("it panicked: {text}")))
        });
        applied.map_err(|error| self.unwritten(error))
    }

    fn unwritten(&self, error: ProjectionError) -> Unwritten {
        let ProjectionError { event, source } = error;
        let tenant = event.and_then(|event| self.taken.iter().find(|(_, taken)| *taken == event));
        match tenant {
            Some(&(tenant, event)) => Unwritten::Event {
                tenant,
                event,
                reason: Fault::new(&*source).reason,
            },
            None => Unwritten::Worker(WorkerError::Projection(source)),
        }
    }
}

impl<P: Projection> Folder for Hand<P> {
    fn take(&mut self, event: Arc<RecordedEvent>) -> Result<(), Fault> {
        let taken = (event.tenant_id, event.id);
        let events = guarded(|| self.hears.items(event).map_err(unread))?;
        self.taken.push(taken);
        self.events.extend(events);
        Ok(())
    }

    fn missing(&self) -> Result<Vec<Key>, Fault> {
        Ok(Vec::new())
    }

    fn loaded(&mut self, _: Vec<Row>) -> Result<(), UnfitCell> {
        Ok(())
    }

    fn apply(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    /// A page is written before the next one is read.
    fn size(&self) -> Size {
        match self.events.is_empty() {
            true => Size::default(),
            false => Size {
                changed: self.events.len(),
                kept: usize::MAX,
            },
        }
    }

    fn changed(&self) -> Result<Changed, Fault> {
        Ok(Changed::default())
    }

    fn written(&mut self) {
        self.forget();
    }

    fn forget(&mut self) {
        self.events.clear();
        self.taken.clear();
    }

    fn by_hand(&self) -> Option<&dyn ByHand> {
        Some(self)
    }
}

impl<P: Projection> ByHand for Hand<P> {
    fn write<'a>(
        &'a self,
        tables: &'a dyn Tables,
        flush: Flush<'a>,
    ) -> BoxFuture<'a, Result<bool, Unwritten>> {
        Box::pin(async move {
            if self.events.is_empty() {
                return Ok(tables.flush(flush).await?);
            }
            if let Some(mut none) = P::Transaction::none() {
                // Whoever was paused, or lost the lease while it stood still, does nothing.
                let before = Flush::new(
                    flush.worker,
                    flush.build,
                    flush.lease,
                    flush.owner,
                    flush.lasts,
                    flush.lease.cursor,
                );
                let heard = flush.heard;
                if !tables.flush(Flush { heard, ..before }).await? {
                    return Ok(false);
                }
                self.apply(&mut none).await?;
                return Ok(tables.flush(flush).await?);
            }
            let mut applying = Applying {
                hand: self,
                failed: None,
            };
            let written = tables.flush_beside(flush, &mut applying).await;
            match applying.failed {
                Some(failed) => Err(failed),
                None => Ok(written?),
            }
        })
    }
}

/// A projection that writes in a transaction.
struct Applying<'a, P: Projection> {
    hand: &'a Hand<P>,
    failed: Option<Unwritten>,
}

impl<P: Projection> Beside for Applying<'_, P> {
    fn write<'a>(&'a mut self, connection: Joinable<'a>) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let applied = match P::Transaction::of(connection) {
                Some(transaction) => self.hand.apply(transaction).await,
                None => Err(StoreError::NoTransactions.into()),
            };
            drop(mem::replace(&mut self.failed, applied.err()));
            self.failed.is_none()
        })
    }
}

impl<P: Projection> fmt::Debug for Hand<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hand")
            .field("projection", &type_name::<P>())
            .field("events", &self.events.len())
            .finish_non_exhaustive()
    }
}
