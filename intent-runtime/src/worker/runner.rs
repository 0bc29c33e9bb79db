//! The task of one worker.

use std::{collections::HashSet, mem, sync::Arc, time::Duration};

use tokio::{sync::watch, time::Instant};

use crate::{
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        id::{EventId, TenantId},
    },
    store::{
        error::StoreError,
        selection::LogSelection,
        tables::{LastEvent, Lease, Parked, Tables, builds::Build},
    },
    worker::{
        Process, check,
        error::WorkerError,
        folder::{Fault, Folder, Unwritten},
        heard,
        leases::Wanted,
        signals::Interrupt,
        status::{Activity, WorkerStatus},
        work::Work,
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
pub(super) const PAGE: usize = 5_000;

/// Reads the log, folds it, and writes what it makes of it.
pub(crate) struct Runner {
    pub(super) process: Process,
    pub(super) build: Build<'static>,
    pub(super) worker: String,
    pub(super) selection: LogSelection,
    /// The names of the selection's events, as they are noted.
    pub(super) heard: String,
    pub(super) folder: Box<dyn Folder>,
    status: watch::Sender<WorkerStatus>,
    pub(super) parked: HashSet<TenantId>,
    /// The events that are left out.
    pub(super) skips: HashSet<EventId>,
    /// Whether the build is read.
    pub(super) published: bool,
    /// Whether something was written since the last failure.
    has_written: bool,
}

/// How a turn with the lease ended.
enum Turn {
    /// Somebody else took it, nobody is to have it for now, or the server lost the last write.
    Lost,
    Stopped,
}

impl Runner {
    pub(crate) fn new(
        process: Process,
        build: Build<'static>,
        selection: LogSelection,
        folder: Box<dyn Folder>,
    ) -> (Self, watch::Receiver<WorkerStatus>) {
        let (status, seen) = watch::channel(WorkerStatus::new());
        let runner = Self {
            process,
            build,
            worker: build.worker(),
            heard: heard::text(&selection),
            selection,
            folder,
            status,
            parked: HashSet::new(),
            skips: HashSet::new(),
            published: false,
            has_written: false,
        };
        (runner, seen)
    }

    /// Works until it is stopped or the build is no more. Whatever fails is tried again.
    pub(crate) async fn run(mut self) {
        let mut pause = PAUSE;
        while let Some(build) = self.process.signals.build(&self.worker) {
            let mut wait = None;
            if build.paused.is_some() {
                self.says(Activity::Paused);
            } else {
                let ended = self.turn().await;
                self.folder.forget();
                match ended {
                    Ok(Turn::Stopped) => break,
                    Ok(Turn::Lost) => {
                        pause = PAUSE;
                        wait = Some(Duration::ZERO);
                    }
                    Err(error) => {
                        if !self.fails(&error).await {
                            break;
                        }
                        if mem::take(&mut self.has_written) {
                            pause = PAUSE;
                        }
                        wait = Some(pause);
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
            }
            if !self.process.signals.wait(wait).await {
                break;
            }
        }
        self.says(Activity::Stopped);
    }

    /// Says why it cannot go on. `false` if that is because the build is no more.
    async fn fails(&self, error: &WorkerError) -> bool {
        let reason = format!("{error:?}");
        if let Some(tables) = self.process.store.tables() {
            if let Ok(builds) = tables.builds(Some(self.build.table)).await
                && !builds.iter().any(|build| build.worker == self.worker)
            {
                return false;
            }
            let owner = self.process.leases.owner;
            // A store that fails cannot note it.
            let _ = tables.note_failure(&self.worker, owner, &reason).await;
        }
        tracing::warn!(
            worker = self.worker,
            error = reason,
            "a worker failed and tries again"
        );
        self.says(Activity::Failing(reason));
        true
    }

    /// Takes the lease and works until it is lost.
    async fn turn(&mut self) -> Result<Turn, WorkerError> {
        let store = Arc::clone(&self.process.store);
        let tables = store.tables().ok_or(StoreError::NoTables)?;
        let new = heard::note(&store, tables, self.build, &self.selection).await?;
        let mut wanted = self.process.leases.want(&self.worker);
        let signals = &self.process.signals;
        let given = signals.unless_lost(&self.worker, None, wanted.given());
        let lease = match given.await {
            Ok(lease) => lease?,
            Err(Interrupt::Stopped) => {
                wanted.give_up(tables).await?;
                return Ok(Turn::Stopped);
            }
            Err(Interrupt::Taken) => return Ok(Turn::Lost),
        };
        self.published = lease.published;
        let mut work = Work::new(self.reading(), lease);
        let ended = match self.prepare(tables, lease, &new).await {
            Ok(Some(parked)) => {
                work.retries = !parked.is_empty();
                self.tell(&work);
                self.work(tables, &mut work, &mut wanted, parked).await
            }
            Ok(None) => Ok(Turn::Lost),
            Err(error) => Err(error),
        };
        let ended = ended.map_err(WorkerError::of_log);
        // Another build may be able to go on.
        let gives_up = |error: &WorkerError| !matches!(error, WorkerError::Store(_));
        match &ended {
            Ok(Turn::Stopped) => wanted.give_back(tables, work.lease).await?,
            Err(error) if gives_up(error) => wanted.give_back(tables, work.lease).await?,
            Ok(Turn::Lost) | Err(_) => self.says(Activity::Waiting),
        }
        ended
    }

    /// Makes sure that what is written goes on from what is there. Returns the tenants that are held back, or `None` if the lease
    /// is lost.
    async fn prepare(
        &mut self,
        tables: &dyn Tables,
        lease: Lease,
        new: &LogSelection,
    ) -> Result<Option<Vec<Parked>>, WorkerError> {
        let (store, owner) = (&self.process.store, self.process.leases.owner);
        let begins = lease.cursor == Cursor::START && !lease.published;
        if begins && self.build.table.inline {
            // Commands write to it, so what it has stays.
            tables.prepare(self.build.table).await?;
        } else if begins {
            if !tables.begin(self.build, lease, owner).await? {
                return Ok(None);
            }
            self.folder.knows_all();
        }
        check::table(tables, self.build).await?;
        check::log(&**store, lease.last).await?;
        heard::none_passed(store, new, lease.cursor).await?;
        let parked = tables.parked(&self.worker).await?;
        self.parked = parked.iter().map(|parked| parked.tenant).collect();
        let skips = tables.skips(self.build.table).await?;
        self.skips = skips.into_iter().map(|skip| skip.event).collect();
        Ok(Some(parked))
    }

    async fn work(
        &mut self,
        tables: &dyn Tables,
        work: &mut Work,
        wanted: &mut Wanted,
        mut parked: Vec<Parked>,
    ) -> Result<Turn, WorkerError> {
        loop {
            let (signals, epoch) = (&self.process.signals, Some(work.lease.epoch));
            let next = signals.unless_lost(&self.worker, epoch, work.next(wanted));
            let next = match next.await {
                Ok(next) => next?,
                Err(Interrupt::Taken) => return Ok(Turn::Lost),
                Err(Interrupt::Stopped) => {
                    self.flush(tables, work).await?;
                    return Ok(Turn::Stopped);
                }
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
                work.retries = false;
                self.tell(work);
            }
            if !self.publish(tables, work).await? {
                return Ok(Turn::Lost);
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
        let last = events.last();
        let culprit = last.map(|event| (event.tenant_id, event.id));
        let last = last.map(|event| LastEvent::new(event.position, event.id));
        self.leave_out_skipped(&mut events);
        events.retain(|event| !self.parked.contains(&event.tenant_id));
        let folded = self.fold(tables, events, work.careful.is_some()).await?;
        match (folded, culprit) {
            (Ok(()), _) => {
                work.applied = to;
                work.last = last.or(work.last);
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
            (Err(fault), Some((tenant, event))) if count == 1 && work.careful.is_some() => {
                self.folder.forget();
                let event = fault.culprit.unwrap_or(event);
                let parked = Parked::new(tenant, work.lease.cursor, event, fault.reason);
                work.applied = to;
                work.last = last;
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
        self.begin_at_checkpoint(work);
        work.careful = Some((count.min(PAGE) / 2).max(1));
    }

    /// Forgets what is not written, and reads it again.
    fn begin_at_checkpoint(&mut self, work: &mut Work) {
        self.folder.forget();
        work.applied = (work.lease.cursor, false);
        work.last = None;
        work.log.go_to(work.lease.cursor);
        work.due = None;
    }

    pub(super) fn after(&self, event: &RecordedEvent) -> Cursor {
        Cursor::after(self.process.store.store_id(), event.position)
    }

    pub(super) fn leave_out_skipped(&self, events: &mut Vec<Arc<RecordedEvent>>) {
        if !self.skips.is_empty() {
            events.retain(|event| !self.skips.contains(&event.id));
        }
    }

    /// Folds events into rows. The inner error is why one of them cannot be applied.
    pub(super) async fn fold(
        &mut self,
        tables: &dyn Tables,
        events: Vec<Arc<RecordedEvent>>,
        careful: bool,
    ) -> Result<Result<(), Fault>, WorkerError> {
        let faulty = |fault: Fault| match fault.of_newer_build {
            // Events are never applied in another order, so this one is not passed either.
            true => Err(WorkerError::TooOld {
                reason: fault.reason,
            }),
            false => Ok(Err(fault)),
        };
        for event in events {
            if let Err(fault) = self.folder.take(event) {
                return faulty(fault);
            }
        }
        let missing = self.folder.missing_links();
        let links = match self.build.links() {
            Some(links) if !missing.is_empty() => tables.load(links, &missing).await?,
            _ => Vec::new(),
        };
        if let Err(fault) = self.folder.linked(links)? {
            return faulty(fault);
        }
        let missing = match self.folder.missing() {
            Ok(missing) => missing,
            Err(fault) => return faulty(fault),
        };
        if !missing.is_empty() {
            let rows = tables.load(self.build, &missing).await?;
            self.folder.loaded(rows)?;
            if let Err(fault) = self.make_anew(tables).await? {
                return faulty(fault);
            }
        }
        let applied = self.folder.apply();
        // A value that no column takes is to be told by the event that led to it.
        let checked = applied.and_then(|()| match careful {
            true => self.folder.changed().map(|_| ()),
            false => Ok(()),
        });
        match checked {
            Ok(()) => match self.without_duplicates(tables, careful).await? {
                Ok(()) => Ok(Ok(())),
                Err(fault) => faulty(fault),
            },
            Err(fault) => faulty(fault),
        }
    }

    /// Writes what was applied. `false` if the lease is lost.
    async fn flush(&mut self, tables: &dyn Tables, work: &mut Work) -> Result<bool, WorkerError> {
        let Ok(changed) = self.folder.changed() else {
            self.begin_again(work, PAGE);
            return Ok(true);
        };
        match self.write(tables, work, &changed).await {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(Unwritten::Event {
                tenant,
                event,
                reason,
            }) => {
                let parked = Parked::new(tenant, work.lease.cursor, event, reason);
                self.begin_at_checkpoint(work);
                return Ok(self.park(tables, work, parked).await?);
            }
            // A unique value may have passed from one row to another: written in smaller and smaller parts, each row is free in time.
            // Or another build makes a row anew.
            Err(Unwritten::Worker(WorkerError::Store(StoreError::Backend { .. })))
                if work.careful != Some(1) && self.build.table.inline =>
            {
                self.begin_again(work, work.careful.unwrap_or(PAGE));
                return Ok(true);
            }
            Err(Unwritten::Worker(error)) => return Err(error),
        }
        self.folder.written();
        self.has_written = true;
        work.wrote();
        self.tell(work);
        Ok(true)
    }

    fn says(&self, activity: Activity) {
        self.status.send_modify(|status| status.activity = activity);
    }

    pub(super) fn tell(&self, work: &Work) {
        let activity = match (work.lease.published, work.applied.1) {
            (false, _) => Activity::Building,
            (true, true) if !work.retries => Activity::Live,
            (true, _) => Activity::CatchingUp,
        };
        self.status.send_replace(WorkerStatus {
            activity,
            cursor: work.lease.cursor,
            parked: u64::try_from(self.parked.len()).unwrap_or(u64::MAX),
            epoch: Some(work.lease.epoch),
        });
    }
}
