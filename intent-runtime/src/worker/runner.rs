//! The task of one worker.

use std::{collections::HashSet, mem, pin::pin, sync::Arc, time::Duration};

use futures_util::future::{Either, select};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout_at},
};

use crate::{
    log::{page::Page, subscription::Subscription},
    record::{cursor::Cursor, event::RecordedEvent, id::TenantId},
    store::{
        error::StoreError,
        selection::LogSelection,
        tables::{Flush, Lease, Parked, Tables, inline::Duplicate},
    },
    worker::{
        Process,
        error::WorkerError,
        folder::{Fault, Folder},
        heard,
        leases::Wanted,
        reading::Reading,
        status::{Activity, WorkerStatus},
    },
};

/// How many changed rows are written at the latest.
const CHANGED: usize = 20_000;
/// How many bytes of rows are kept in memory before they are written, by estimate.
const KEPT: usize = 128 * 1024 * 1024;
/// How long changed rows wait at most while there is more to read.
const DELAY: Duration = Duration::from_secs(1);
/// How long a checkpoint waits that no row was changed for.
const IDLE_DELAY: Duration = Duration::from_millis(100);
/// How long a worker pauses after its first failure; after the second, twice as long, and so on up to the longest.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// About how many events a page of the log has at most.
const PAGE: usize = 5_000;

/// Reads the log, folds it, and writes what it makes of it.
pub(crate) struct Runner {
    pub(super) process: Process,
    pub(super) worker: String,
    pub(super) selection: LogSelection,
    /// The names of the selection's events, as they are noted.
    heard: String,
    pub(super) folder: Box<dyn Folder>,
    status: watch::Sender<WorkerStatus>,
    pub(super) parked: HashSet<TenantId>,
}

/// How a turn with the lease ended.
enum Turn {
    /// Somebody else took it, or the server lost the last write.
    Lost,
    Stopped,
}

/// The part of the log that is being worked off.
pub(super) struct Work {
    log: Reading,
    pub(super) lease: Lease,
    /// When the checkpoint was written last.
    written: Instant,
    /// Up to where events are applied, and whether the log ends there.
    applied: (Cursor, bool),
    /// Whether it was written that the end was reached.
    told_end: bool,
    /// When what is applied is to be written.
    due: Option<Instant>,
    /// How many events are applied before they are written, after an event could not be applied. So the culprit is found.
    careful: Option<usize>,
}

impl Runner {
    pub(crate) fn new(
        process: Process,
        worker: String,
        selection: LogSelection,
        folder: Box<dyn Folder>,
    ) -> (Self, watch::Receiver<WorkerStatus>) {
        let (status, seen) = watch::channel(WorkerStatus::new());
        let runner = Self {
            process,
            worker,
            heard: heard::text(&selection),
            selection,
            folder,
            status,
            parked: HashSet::new(),
        };
        (runner, seen)
    }

    /// Works until it is stopped. Whatever fails is tried again.
    pub(crate) async fn run(mut self) {
        let mut pause = PAUSE;
        loop {
            let wait = match self.turn().await {
                Ok(Turn::Stopped) => break,
                Ok(Turn::Lost) => {
                    pause = PAUSE;
                    Duration::ZERO
                }
                Err(error) => {
                    tracing::warn!(worker = self.worker, error = ?error, "a worker failed and tries again");
                    self.says(Activity::Failing(format!("{error:?}")));
                    let wait = pause;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    wait
                }
            };
            self.folder.forget();
            if self.unless_stopped(sleep(wait)).await.is_none() {
                break;
            }
        }
        self.says(Activity::Stopped);
    }

    /// Takes the lease and works until it is lost.
    async fn turn(&mut self) -> Result<Turn, WorkerError> {
        let store = Arc::clone(&self.process.store);
        let tables = store.tables().ok_or(StoreError::NoTables)?;
        tables.prepare(self.folder.table()).await?;
        let new = heard::note(&store, tables, &self.worker, &self.selection).await?;
        let mut wanted = self.process.leases.want(&self.worker);
        let Some(lease) = self.unless_stopped(wanted.given()).await else {
            return Ok(Turn::Stopped);
        };
        let lease = lease?;
        let parked = tables.parked(&self.worker).await?;
        self.parked = parked.iter().map(|parked| parked.tenant).collect();
        let mut work = Work::new(self.reading(), lease);
        self.tell(&work);
        let ended = match heard::none_passed(&store, &new, lease.cursor).await {
            Ok(()) => self.work(tables, &mut work, &mut wanted, parked).await,
            Err(passed) => Err(passed),
        };
        // Another build may be able to go on.
        let gives_up = |error: &WorkerError| !matches!(error, WorkerError::Store(_));
        match &ended {
            Ok(Turn::Stopped) => wanted.give_back(tables, work.lease).await?,
            Err(error) if gives_up(error) => wanted.give_back(tables, work.lease).await?,
            Ok(Turn::Lost) | Err(_) => self.says(Activity::Waiting),
        }
        ended
    }

    fn reading(&self) -> Reading {
        let (store, feed) = (&self.process.store, &self.process.feed);
        Reading::new(Arc::clone(store), Arc::clone(feed), self.selection.clone())
    }

    /// The events of one tenant.
    pub(super) fn log_of(&self, tenant: TenantId, after: Cursor) -> Subscription {
        let (store, selection) = (Arc::clone(&self.process.store), self.selection.clone());
        Subscription::new(store, Some(tenant), selection).after(after)
    }

    async fn work(
        &mut self,
        tables: &dyn Tables,
        work: &mut Work,
        wanted: &mut Wanted,
        mut parked: Vec<Parked>,
    ) -> Result<Turn, WorkerError> {
        loop {
            let next = self.unless_stopped(work.next(wanted)).await;
            let Some(next) = next.transpose()? else {
                self.flush(tables, work).await?;
                return Ok(Turn::Stopped);
            };
            if let Some(page) = next {
                let to = (page.cursor, page.end);
                if !self.page(tables, work, page.events, to).await? {
                    return Ok(Turn::Lost);
                }
            }
            let now = Instant::now();
            let size = self.folder.size();
            let is_due = work.due.is_some_and(|due| due <= now)
                || size.changed > 0 && work.applied.1
                || size.changed >= CHANGED
                || size.kept >= KEPT
                || work.careful.is_some()
                || work.applied.1 && !parked.is_empty();
            if is_due && work.is_unwritten() && !self.flush(tables, work).await? {
                return Ok(Turn::Lost);
            }
            if wanted.is_another_than(work.lease, work.written) {
                return Ok(Turn::Lost);
            }
            // The others come first. Those that are held back are tried when the log is read, and that is written: what they were
            // held back from goes no further than the checkpoint.
            if work.applied.1 && !work.is_unwritten() && !parked.is_empty() {
                for parked in mem::take(&mut parked) {
                    if !self.resume(tables, work, parked).await? {
                        return Ok(Turn::Lost);
                    }
                }
            }
        }
    }

    /// Applies the events of a page. If one cannot be applied, the page is read again in smaller and smaller parts.
    async fn page(
        &mut self,
        tables: &dyn Tables,
        work: &mut Work,
        mut events: Vec<Arc<RecordedEvent>>,
        to: (Cursor, bool),
    ) -> Result<bool, WorkerError> {
        let count = work.careful.unwrap_or(usize::MAX).min(events.len());
        let is_cut = count < events.len();
        events.truncate(count);
        let to = match events.last() {
            Some(last) if is_cut => (self.after(last), false),
            _ => to,
        };
        let culprit = events.last().map(|event| (event.tenant_id, event.id));
        events.retain(|event| !self.parked.contains(&event.tenant_id));
        let folded = self.fold(tables, events, work.careful.is_some()).await?;
        match (folded, culprit) {
            (Ok(()), _) => {
                work.applied = to;
                if is_cut {
                    work.log.go_to(to.0);
                }
                let delay = match self.folder.size().changed {
                    0 => IDLE_DELAY,
                    _ => DELAY,
                };
                if work.is_unwritten() {
                    work.due.get_or_insert(Instant::now() + delay);
                }
                Ok(true)
            }
            // Everything before it is written.
            (Err(reason), Some((tenant, event))) if count == 1 && work.careful.is_some() => {
                self.folder.forget();
                let parked = Parked::new(tenant, work.lease.cursor, event, reason);
                work.applied = to;
                work.log.go_to(to.0);
                Ok(self.park(tables, work, parked).await?)
            }
            _ => {
                self.begin_again(work, count);
                Ok(true)
            }
        }
    }

    /// Forgets what is not written, and reads it again in parts of half as many events.
    fn begin_again(&mut self, work: &mut Work, count: usize) {
        self.folder.forget();
        work.applied = (work.lease.cursor, false);
        work.log.go_to(work.lease.cursor);
        work.careful = Some((count.min(PAGE) / 2).max(1));
        work.due = None;
    }

    pub(super) fn after(&self, event: &RecordedEvent) -> Cursor {
        Cursor::after(self.process.store.store_id(), event.position)
    }

    /// Folds events into rows. The inner error is why one of them cannot be applied.
    pub(super) async fn fold(
        &mut self,
        tables: &dyn Tables,
        events: Vec<Arc<RecordedEvent>>,
        careful: bool,
    ) -> Result<Result<(), String>, WorkerError> {
        let faulty = |fault: Fault| match fault.of_newer_build {
            // Events are never applied in another order, so this one is not passed either.
            true => Err(WorkerError::TooOld {
                reason: fault.reason,
            }),
            false => Ok(Err(fault.reason)),
        };
        for event in events {
            if let Err(fault) = self.folder.take(event) {
                return faulty(fault);
            }
        }
        let missing = match self.folder.missing() {
            Ok(missing) => missing,
            Err(fault) => return faulty(fault),
        };
        if !missing.is_empty() {
            let rows = tables.load(self.folder.table(), &missing).await?;
            self.folder.loaded(rows)?;
        }
        let applied = self.folder.apply();
        // A value that no column takes is to be told by the event that led to it.
        let checked = applied.and_then(|()| match careful {
            true => self.folder.changed().map(|_| ()),
            false => Ok(()),
        });
        match checked {
            Ok(()) => self.without_duplicates(tables).await,
            Err(fault) => faulty(fault),
        }
    }

    /// Finds rows that cannot be written beside each other. The inner error names them.
    async fn without_duplicates(
        &self,
        tables: &dyn Tables,
    ) -> Result<Result<(), String>, WorkerError> {
        let table = self.folder.table();
        if table.unique().next().is_none() || self.folder.size().changed == 0 {
            return Ok(Ok(()));
        }
        // What cannot be written is told when it is.
        let Ok((put, _)) = self.folder.changed() else {
            return Ok(Ok(()));
        };
        let found = match Duplicate::among(table, &put) {
            Some(found) => Some(found),
            None => tables.duplicate(table, &put).await?,
        };
        Ok(found.map_or(Ok(()), |found| Err(found.to_string())))
    }

    pub(super) fn flush_of<'a>(&'a self, work: &Work) -> Flush<'a> {
        let (table, cursor) = (self.folder.table(), work.applied.0);
        let leases = &self.process.leases;
        Flush {
            end: work.applied.1,
            heard: Some(&self.heard),
            ..Flush::new(
                &self.worker,
                table,
                work.lease,
                leases.owner,
                leases.lasts,
                cursor,
            )
        }
    }

    /// Writes what was applied. `false` if the lease is lost.
    async fn flush(&mut self, tables: &dyn Tables, work: &mut Work) -> Result<bool, StoreError> {
        let Ok((put, gone)) = self.folder.changed() else {
            self.begin_again(work, PAGE);
            return Ok(true);
        };
        let flush = self.flush_of(work);
        let flush = Flush {
            put: &put,
            gone: &gone,
            ..flush
        };
        match tables.flush(flush).await {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            // A unique value may have passed from one row to another. Written in smaller and smaller parts, each row is free in time.
            Err(StoreError::Backend { .. })
                if work.careful != Some(1) && self.folder.table().unique().next().is_some() =>
            {
                self.begin_again(work, work.careful.unwrap_or(PAGE));
                return Ok(true);
            }
            Err(error) => return Err(error),
        }
        self.folder.written();
        work.wrote();
        self.tell(work);
        Ok(true)
    }

    /// The result of `work`, or `None` as soon as the worker is to stop, or nobody is left who could say so.
    async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut stop = self.process.stop.clone();
        let stopped = pin!(async move {
            let _ = stop.wait_for(|stop| *stop).await;
        });
        match select(stopped, pin!(work)).await {
            Either::Left(_) => None,
            Either::Right((done, _)) => Some(done),
        }
    }

    fn says(&self, activity: Activity) {
        self.status.send_modify(|status| status.activity = activity);
    }

    pub(super) fn tell(&self, work: &Work) {
        let activity = match work.applied.1 {
            true => Activity::Live,
            false => Activity::CatchingUp,
        };
        self.status.send_replace(WorkerStatus {
            activity,
            cursor: work.lease.cursor,
            parked: u64::try_from(self.parked.len()).unwrap_or(u64::MAX),
        });
    }
}

impl Work {
    fn new(mut log: Reading, lease: Lease) -> Self {
        log.go_to(lease.cursor);
        Self {
            log,
            lease,
            written: Instant::now(),
            applied: (lease.cursor, false),
            told_end: false,
            due: None,
            careful: None,
        }
    }

    /// The next page, or `None` when something is to be written or the store has said something of the lease.
    async fn next(
        &mut self,
        wanted: &mut Wanted,
    ) -> Result<Option<Page<Arc<RecordedEvent>>>, StoreError> {
        let waits = async {
            match self.due {
                Some(due) => drop(timeout_at(due, wanted.news()).await),
                None => wanted.news().await,
            }
        };
        match select(pin!(self.log.next_page()), pin!(waits)).await {
            Either::Left((page, _)) => page.map(Some),
            Either::Right(_) => Ok(None),
        }
    }

    fn is_unwritten(&self) -> bool {
        self.applied.0 != self.lease.cursor || self.applied.1 && !self.told_end
    }

    /// What was applied is written.
    pub(super) fn wrote(&mut self) {
        self.lease.cursor = self.applied.0;
        self.written = Instant::now();
        self.told_end |= self.applied.1;
        self.due = None;
        let more = self.careful.map(|count| count.saturating_mul(2));
        self.careful = more.filter(|count| *count < PAGE && !self.applied.1);
    }
}
