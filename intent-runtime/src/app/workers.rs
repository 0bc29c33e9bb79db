//! [`Workers`]: what keeps the read models of an app, as long as it lives.

use std::{fmt, sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep_until, timeout, timeout_at},
};

use crate::{
    app::{App, acting::Acting, tenant::Tenant},
    dispatch::options::Receipt,
    model::{aggregate::Aggregate, read_model::ReadModel},
    read_model::{error::WaitError, kind::ReadModelKind, read::Rows},
    record::{cursor::Cursor, id::TenantId},
    store::{
        error::StoreError,
        tables::{
            Tables,
            builds::{Build, BuildState},
        },
    },
    worker::{
        error::WorkerError,
        heard,
        status::{BuildName, WorkerStatus},
        supervisor::{Statuses, Supervisor},
    },
};

/// How often a wait looks at first, and at last.
const SOON: Duration = Duration::from_millis(2);
const LATER: Duration = Duration::from_millis(50);

/// The workers that an app has started: one task for each read model. Several processes may start them. One of them does the
/// work of a model at a time, and another takes over when it ends.
///
/// Dropped, they end at once, and a warning in the log says so; what they did not write is done again by those that follow.
#[must_use = "the workers end when this is dropped"]
pub struct Workers {
    /// The supervisor, which owns the task of each worker.
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
    statuses: Statuses,
}

/// How workers are started, beside what is usual: [`App::start_with`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct WorkerOptions {
    lease: Duration,
}

impl WorkerOptions {
    /// How long a lease lasts unless said otherwise: 10 seconds.
    pub const LEASE: Duration = Duration::from_secs(10);

    /// What is usual.
    pub const fn new() -> Self {
        Self { lease: Self::LEASE }
    }

    /// How long another process waits after this one crashed before it takes over the work. The lease is renewed in a third of
    /// the time, so it should be much longer than a pause of the process or of the network.
    #[must_use]
    pub const fn lease(mut self, lasts: Duration) -> Self {
        self.lease = lasts;
        self
    }
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Workers did not stop in time. They were ended; what they did not write is done again by those that follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("workers did not stop within {within:?}, and were ended")]
pub struct StopError {
    /// How long they had.
    pub within: Duration,
}

impl Workers {
    /// What each of them is doing, by the build that it keeps. [`App::models`] has what those of other processes do.
    pub fn status(&self) -> impl Iterator<Item = (BuildName, WorkerStatus)> {
        self.statuses.all().into_iter()
    }

    /// Lets the workers write what they have, and give their work to another process. Waits for so long at most.
    ///
    /// # Errors
    /// [`StopError`] if that was not enough.
    pub async fn stop(mut self, within: Duration) -> Result<(), StopError> {
        self.stop.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        timeout(within, ended)
            .await
            .map_err(|_| StopError { within })
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        if !*self.stop.borrow() && !self.tasks.is_empty() {
            tracing::warn!(
                "the workers of read models were dropped, and end at once: keep `Workers` as long as they are to work, and end \
                 them with `Workers::stop`"
            );
        }
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.status()).finish()
    }
}

impl App {
    /// Starts the workers of the domain's read models, and of the app's projections, in this process.
    ///
    /// # Errors
    /// [`StoreError::NoTables`] when the store keeps no rows, [`StoreError::NoTransactions`] when a projection writes in another kind of
    /// database, or why the workers cannot be noted in it. What keeps one worker from
    /// its work is in its [status](Workers::status), and it goes on when that is mended.
    pub async fn start(&self) -> Result<Workers, StoreError> {
        self.start_with(WorkerOptions::new()).await
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_with(&self, options: WorkerOptions) -> Result<Workers, StoreError> {
        let core = &self.tenant.core;
        let (stop, stopped) = watch::channel(false);
        let mut workers = Workers {
            tasks: JoinSet::new(),
            stop,
            statuses: Statuses::default(),
        };
        if core.read_models.is_empty() {
            return Ok(workers);
        }
        let tables = core.store.tables().ok_or(StoreError::NoTables)?;
        for kind in core.read_models.iter() {
            if kind.database.is_some() && kind.database != tables.database() {
                return Err(StoreError::NoTransactions);
            }
            tables.enlist(kind.table).await?;
            // Before the program goes on and stores events that an earlier build does not hear. A worker that cannot go on says so.
            for state in tables.builds(Some(kind.table)).await? {
                let build = Build::new(kind.table, state.number);
                let noted = heard::note(&core.store, tables, build, &kind.selection()).await;
                if let Err(WorkerError::Store(error)) = noted {
                    return Err(error);
                }
            }
        }
        let mut supervisor = Supervisor::new(
            Arc::clone(&core.store),
            core.read_models.iter().map(ReadModelKind::kept).collect(),
            options.lease,
            stopped,
            core.asked.subscribe(),
            Arc::clone(&core.workers),
        );
        supervisor.look().await?;
        workers.statuses = supervisor.statuses();
        workers.tasks.spawn(supervisor.run());
        Ok(workers)
    }

    /// Waits until all read models and projections have what is in the log now, of all tenants, at most for so long. For tests.
    ///
    /// # Errors
    /// [`WaitError`] of the first read model that has not, [`WaitError::HeldBack`] if it holds a tenant back.
    pub async fn settled(&self, within: Duration) -> Result<(), WaitError> {
        let until = Instant::now() + within;
        let end = self.log_end().await?;
        for kind in self.tenant.core.read_models.iter() {
            self.tenant.reaches(kind, None, end, until).await?;
        }
        Ok(())
    }
}

/// The cursor of a receipt.
impl<A: Aggregate> From<&Receipt<A>> for Option<Cursor> {
    fn from(receipt: &Receipt<A>) -> Self {
        receipt.cursor
    }
}

impl Acting {
    /// Waits until a read model has what a command stored, as [`Tenant::wait_for`] does.
    ///
    /// # Errors
    /// As [`Tenant::wait_for`].
    pub async fn wait_for<M: ReadModel>(
        &self,
        stored: impl Into<Option<Cursor>>,
        within: Duration,
    ) -> Result<(), WaitError> {
        self.tenant.wait_for::<M>(stored, within).await
    }
}

impl Tenant {
    /// The rows of a read model in this tenant.
    ///
    /// ```
    /// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
    /// # use account::*;
    /// use intent_runtime::prelude::*;
    /// use std::time::Duration;
    ///
    /// #[derive(ReadModel, Debug, Clone)]
    /// #[read_model(created_by(Opened), events(Deposited, Withdrawn))]
    /// struct Balance {
    ///     #[key]
    ///     account: Id<Account>,
    ///     #[index]
    ///     #[on(Deposited += |e| e.amount, Withdrawn -= |e| e.amount)]
    ///     balance: i64,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let domain = Domain::of::<Account>().read_model::<Balance>();
    /// let app = App::connect("memory:", domain).await?;
    /// let workers = app.start().await?;
    /// let id = Id::<Account>::new();
    /// app.send(Open { id, owner: "Ada".into() }).await?;
    /// let receipt = app.send(Deposit { id, amount: 5 }).await?;
    /// app.wait_for::<Balance>(&receipt, Duration::from_secs(10)).await?;
    ///
    /// let row = app.read::<Balance>().get(id).await?.expect("it was opened");
    /// assert_eq!(row.balance, 5);
    /// let rich = app.read::<Balance>().query("where balance > $1 order by balance", (3,)).await?;
    /// assert_eq!(rich.len(), 1);
    /// workers.stop(Duration::from_secs(10)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn read<M: ReadModel>(&self) -> Rows<M> {
        let store = Arc::clone(&self.core.store);
        Rows::new(store, self.id, self.core.read_model::<M>().is_some())
    }

    /// Waits until a read model has what a command stored, at most for so long: give it the command's receipt. Or give it a
    /// cursor, such as [`Receipt::cursor`], which a service can send to its client, and get back with a later request.
    ///
    /// # Errors
    /// [`WaitError`] names what holds it up.
    pub async fn wait_for<M: ReadModel>(
        &self,
        stored: impl Into<Option<Cursor>>,
        within: Duration,
    ) -> Result<(), WaitError> {
        let until = Instant::now() + within;
        let Some(cursor) = stored.into() else {
            return Ok(());
        };
        let Some(kind) = self.core.read_model::<M>() else {
            return Err(WaitError::NotRegistered { model: M::TABLE });
        };
        self.reaches(kind, Some(self.id), cursor, until).await
    }

    /// Waits until the rows that are read have what is before a cursor, of one tenant, or of all tenants. For all, also until all
    /// builds are published.
    pub(super) async fn reaches(
        &self,
        kind: &ReadModelKind,
        tenant: Option<TenantId>,
        cursor: Cursor,
        until: Instant,
    ) -> Result<(), WaitError> {
        let tables = self.core.store.tables().ok_or(StoreError::NoTables)?;
        let local = &self.core.workers;
        let mut pause = SOON;
        loop {
            let builds = tables.builds(Some(kind.table)).await?;
            let read = builds.iter().find(|build| build.published);
            let reached = match read {
                Some(read) => read.cursor.compare(cursor)?.is_ge(),
                None => false,
            };
            let awaited = builds.iter().find(|build| !build.published);
            if let Some(read) = read.filter(|_| reached)
                && (tenant.is_some() || awaited.is_none())
            {
                if read.parked == 0 {
                    return Ok(());
                }
                // Asked in this order: what is held back after it was tried stays so.
                let is_tried = !local.is_about_to_try(read);
                let held_back = not_held_back(tables, read, kind, tenant).await;
                if held_back.is_ok() || is_tried || Instant::now() >= until {
                    return held_back;
                }
            }
            let now = Instant::now();
            if now >= until {
                let held_up = match tenant {
                    Some(_) => read.or(awaited),
                    None => awaited.or(read),
                };
                return Err(held_up_by(tables, held_up, kind).await);
            }
            // A worker of this process says when it is there. Those of others are looked after.
            let needed = read.filter(|_| !reached).or(awaited);
            match needed.filter(|build| local.works(&build.worker)) {
                Some(build) => {
                    let there = local.reaches(&build.worker, cursor);
                    let _ = timeout_at(until.min(now + LATER), there).await;
                }
                None => {
                    sleep_until(until.min(now + pause)).await;
                    pause = (pause * 2).min(LATER);
                }
            }
        }
    }
}

/// What holds up a build.
async fn held_up_by(
    tables: &dyn Tables,
    build: Option<&BuildState>,
    kind: &ReadModelKind,
) -> WaitError {
    let model = kind.table.name;
    let Some(build) = build else {
        return WaitError::NoWorker { model };
    };
    if build.paused.is_some() {
        return WaitError::Paused { model };
    }
    if let Some(reason) = build.failure.clone() {
        return WaitError::Failing { model, reason };
    }
    if build.holder.is_none() {
        return WaitError::NoWorker { model };
    }
    if build.published {
        return WaitError::TooSlow { model };
    }
    if build.parked > 0
        && let Err(held_back) = not_held_back(tables, build, kind, None).await
    {
        return held_back;
    }
    WaitError::Building { model }
}

/// Makes sure that a build holds back no tenant, or not this one.
async fn not_held_back(
    tables: &dyn Tables,
    build: &BuildState,
    kind: &ReadModelKind,
    tenant: Option<TenantId>,
) -> Result<(), WaitError> {
    let mut parked = tables.parked(&build.worker).await?.into_iter();
    match parked.find(|parked| tenant.is_none_or(|tenant| parked.tenant == tenant)) {
        Some(parked) => Err(WaitError::HeldBack {
            model: kind.table.name,
            tenant: parked.tenant,
            event: parked.event,
            reason: parked.reason,
        }),
        None => Ok(()),
    }
}
