//! How a build comes to be read.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    record::cursor::Cursor,
    store::{
        error::StoreError,
        tables::{
            Tables,
            builds::{Build, Publish, Published},
        },
    },
    worker::{error::WorkerError, runner::Runner, work::Work},
};

/// How long a build that is behind the one that is read waits.
const SOON: Duration = Duration::from_millis(10);
/// How long a build waits that others keep from being published; after the second time, twice as long, and so on up to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// When a build is to be published.
pub(super) struct Due {
    /// `None` while it holds back a tenant that readers have.
    at: Option<Instant>,
    pause: Duration,
}

impl Due {
    pub(super) fn now() -> Self {
        Self {
            at: Some(Instant::now()),
            pause: PAUSE,
        }
    }

    /// The time to try, if everything that there is was written.
    pub(super) fn of(work: &Work) -> Option<Instant> {
        let is_ready = !work.lease.published && work.is_written();
        work.publish.at.filter(|_| is_ready)
    }
}

impl Runner {
    /// Lets the views show the build, if the time has come. `false` if the lease is lost.
    pub(super) async fn publish(
        &mut self,
        tables: &dyn Tables,
        work: &mut Work,
    ) -> Result<bool, WorkerError> {
        if Due::of(work).is_none_or(|due| due > Instant::now()) {
            return Ok(true);
        }
        if self.holds_back_what_is_read(tables).await? {
            work.publish.at = None;
            return Ok(true);
        }
        if !self.sweep(tables, work).await? {
            return Ok(false);
        }
        let end = self.process.store.log_health().await?.end;
        let end = Cursor::at(self.process.store.store_id(), end);
        let publish = Publish::new(self.build, work.lease, self.process.leases.owner, end);
        Ok(match tables.publish(publish).await? {
            Published::Done => {
                tracing::info!(worker = self.worker, "a build is published");
                work.publishes();
                self.published = true;
                self.tell(work);
                true
            }
            // While both are in use, either is ahead in turn.
            Published::Behind => {
                work.publish.at = Some(Instant::now() + SOON);
                true
            }
            Published::Busy => {
                work.publish.at = Some(Instant::now() + work.publish.pause);
                work.publish.pause = (work.publish.pause * 2).min(LONGEST_PAUSE);
                true
            }
            Published::Lost => false,
        })
    }

    /// Whether readers would miss rows of a tenant that they have now.
    async fn holds_back_what_is_read(&self, tables: &dyn Tables) -> Result<bool, StoreError> {
        if self.parked.is_empty() {
            return Ok(false);
        }
        let table = self.build.table;
        let builds = tables.builds(Some(table)).await?;
        let Some(read) = builds.into_iter().find(|build| build.published) else {
            return Ok(false);
        };
        let read = tables
            .parked(&Build::new(table, read.number).worker())
            .await?;
        let own = tables.parked(&self.worker).await?;
        let is_known = |own: &_| read.iter().any(|read| read.holds_back_as(own));
        Ok(!own.iter().all(is_known))
    }
}
