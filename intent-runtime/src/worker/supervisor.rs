//! What keeps a runner for each build of the read models of a process.

use std::{
    collections::{BTreeMap, HashMap},
    future::pending,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::watch,
    task::{self, JoinError, JoinSet},
    time::timeout,
};

use crate::{
    store::{
        error::StoreError,
        port::Store,
        selection::LogSelection,
        tables::{
            Table,
            builds::{Build, BuildState},
        },
    },
    worker::{
        Process,
        feed::Feed,
        folder::Folder,
        leases::Leases,
        local::LocalWorkers,
        runner::Runner,
        signals::{Signals, said, unless},
        status::{BuildName, WorkerStatus},
    },
};

/// How often the builds are looked up while a lease lasts. What this process is asked for is looked up at once.
const LOOKS: u32 = 3;

/// A read model whose rows are kept.
pub(crate) struct Kept {
    pub(crate) table: &'static Table,
    /// The events that it is made of.
    pub(crate) selection: LogSelection,
    pub(crate) folder: NewFolder,
}

/// Makes what a worker does with events.
pub(crate) type NewFolder = Arc<dyn Fn() -> Box<dyn Folder> + Send + Sync>;

/// The builds as they were when they were last looked up.
pub(crate) type Builds = Arc<Vec<BuildState>>;

/// What the worker of each build is doing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statuses(Arc<Mutex<ByBuild>>);

type ByBuild = BTreeMap<BuildName, watch::Receiver<WorkerStatus>>;

impl Statuses {
    pub(crate) fn all(&self) -> Vec<(BuildName, WorkerStatus)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = all.iter();
        all.map(|(name, status)| (name.clone(), status.borrow().clone()))
            .collect()
    }

    fn change(&self, change: impl FnOnce(&mut ByBuild)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Looks up the builds once in a while, tells all runners, and starts one for each build that has none.
pub(crate) struct Supervisor {
    process: Process,
    kept: Vec<Kept>,
    stop: watch::Receiver<bool>,
    /// Changes when this process asked workers for something.
    asked: watch::Receiver<()>,
    builds: watch::Sender<Builds>,
    statuses: Statuses,
    local: Arc<LocalWorkers>,
    runners: JoinSet<()>,
    running: HashMap<task::Id, Build<'static>>,
}

impl Supervisor {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        kept: Vec<Kept>,
        lease: Duration,
        stop: watch::Receiver<bool>,
        asked: watch::Receiver<()>,
        local: Arc<LocalWorkers>,
    ) -> Self {
        let builds = watch::Sender::new(Builds::default());
        let selections = kept.iter().map(|kept| kept.selection.clone());
        let process = Process {
            feed: Feed::new(Arc::clone(&store), selections),
            leases: Leases::new(lease),
            signals: Signals::new(stop.clone(), builds.subscribe()),
            store,
        };
        Self {
            process,
            kept,
            stop,
            asked,
            builds,
            statuses: Statuses::default(),
            local,
            runners: JoinSet::new(),
            running: HashMap::new(),
        }
    }

    pub(crate) fn statuses(&self) -> Statuses {
        self.statuses.clone()
    }

    /// Starts the runners of the builds that are there.
    ///
    /// # Errors
    /// Why they cannot be looked up.
    pub(crate) async fn look(&mut self) -> Result<(), StoreError> {
        self.asked.mark_unchanged();
        let tables = self.process.store.tables().ok_or(StoreError::NoTables)?;
        let mut builds = tables.builds(None).await?;
        // A lease that is renewed is no news.
        builds.iter_mut().for_each(|build| build.expires = None);
        let builds = Arc::new(builds);
        self.builds.send_if_modified(|known| {
            let differs = *known != builds;
            *known = Arc::clone(&builds);
            differs
        });
        for state in builds.iter() {
            let kept = self.kept.iter().find(|kept| state.is_of(kept.table));
            let mut running = self.running.values();
            let is_running = running.any(|build| build.worker() == state.worker);
            if let Some(kept) = kept.filter(|_| !is_running) {
                let build = Build::new(kept.table, state.number);
                let (process, selection) = (self.process.clone(), kept.selection.clone());
                let (runner, status) = Runner::new(process, build, selection, (kept.folder)());
                let task = self.runners.spawn(runner.run());
                self.running.insert(task.id(), build);
                let owner = self.process.leases.owner;
                self.local.add(state.worker.clone(), status.clone(), owner);
                self.statuses.change(|all| {
                    all.insert(BuildName::of(build), status);
                });
            }
        }
        Ok(())
    }

    /// Goes on until it is stopped, and its runners with it.
    pub(crate) async fn run(mut self) {
        let stop = self.stop.clone();
        // What the runners share: the reader of the log's end, and who renews their leases.
        let mut shared = JoinSet::new();
        shared.spawn(Arc::clone(&self.process.feed).run());
        let leases = Arc::clone(&self.process.leases);
        shared.spawn(leases.keep(Arc::clone(&self.process.store)));
        loop {
            let asked = async {
                if self.asked.changed().await.is_err() {
                    // The app is dropped, and the workers go on.
                    pending::<()>().await;
                }
            };
            let asked = timeout(self.process.leases.lasts / LOOKS, asked);
            if unless(said(stop.clone()), asked).await.is_none() {
                break;
            }
            while let Some(ended) = self.runners.try_join_next_with_id() {
                self.ended(ended);
            }
            if let Err(error) = self.look().await {
                tracing::warn!(error = ?error, "the builds of read models could not be looked up");
            }
        }
        while self.runners.join_next().await.is_some() {}
    }

    /// Forgets a runner whose build is no more. After a panic, the next look starts another.
    fn ended(&mut self, ended: Result<(task::Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(error = ?error, "a worker panicked and is started again");
                error.id()
            }
        };
        if let Some(build) = self.running.remove(&id) {
            self.local.remove(&build.worker());
            self.statuses.change(|all| {
                all.remove(&BuildName::of(build));
            });
        }
    }
}
