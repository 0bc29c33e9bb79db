//! The leases of the workers of a process: asked for and renewed together, in one statement however many they are.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as AsyncMutex, Notify, watch},
    time::{Instant, timeout},
};
use uuid::Uuid;

use crate::{
    store::{
        error::StoreError,
        port::Store,
        tables::{Claim, Lease, Tables},
    },
    worker::error::WorkerError,
};

/// A lease is renewed this often while it lasts, and asked for by those who wait.
const RENEWALS: u32 = 3;
const ASKS: u32 = 10;

/// The leases that the workers of a process want.
pub(crate) struct Leases {
    /// This process, among all of them.
    pub(super) owner: Uuid,
    /// How long a lease lasts, and so how long after a crash another process takes over.
    pub(super) lasts: Duration,
    wanted: Mutex<HashMap<String, watch::Sender<Answer>>>,
    /// Somebody wants one more.
    more: Notify,
    /// Held while the store is asked, so that nothing is given after it was given back.
    asking: AsyncMutex<()>,
}

/// What the store said of a lease.
#[derive(Clone, Default)]
struct Answer {
    /// When it was asked.
    asked: Option<Instant>,
    lease: Option<Lease>,
    error: Option<Arc<StoreError>>,
}

/// The lease of one worker, wanted as long as this is there.
pub(super) struct Wanted {
    leases: Arc<Leases>,
    worker: String,
    answer: watch::Receiver<Answer>,
}

impl Leases {
    pub(crate) fn new(lasts: Duration) -> Arc<Self> {
        Arc::new(Self {
            owner: Uuid::now_v7(),
            lasts,
            wanted: Mutex::default(),
            more: Notify::new(),
            asking: AsyncMutex::default(),
        })
    }

    pub(super) fn want(self: &Arc<Self>, worker: &str) -> Wanted {
        let (tell, answer) = watch::channel(Answer::default());
        self.wanted().insert(worker.to_owned(), tell);
        self.more.notify_one();
        Wanted {
            leases: Arc::clone(self),
            worker: worker.to_owned(),
            answer,
        }
    }

    /// Asks for the leases that are wanted, and renews those that were given.
    pub(crate) async fn keep(self: Arc<Self>, store: Arc<dyn Store>) {
        let Some(tables) = store.tables() else { return };
        loop {
            match self.ask(tables).await {
                Some(wait) => {
                    let _ = timeout(wait, self.more.notified()).await;
                }
                None => self.more.notified().await,
            }
        }
    }

    /// Asks once. Returns how long to wait, if there is something to wait for.
    async fn ask(&self, tables: &dyn Tables) -> Option<Duration> {
        let _asking = self.asking.lock().await;
        let workers: Vec<String> = self.wanted().keys().cloned().collect();
        if workers.is_empty() {
            return None;
        }
        let asked = Instant::now();
        let answer = Answer {
            asked: Some(asked),
            ..Answer::default()
        };
        let claimed = tables.claim(Claim::new(&workers, self.owner, self.lasts));
        let (given, error) = match claimed.await {
            Ok(given) => (given, None),
            Err(error) => (Vec::new(), Some(Arc::new(error))),
        };
        let lease = |worker: &String| given.iter().find(|(it, _)| it == worker);
        let wanted = self.wanted();
        for worker in &workers {
            if let Some(tell) = wanted.get(worker) {
                tell.send_replace(Answer {
                    lease: lease(worker).map(|(_, lease)| *lease),
                    error: error.clone(),
                    ..answer.clone()
                });
            }
        }
        let waits = workers.len() > given.len();
        Some(self.lasts / if waits { ASKS } else { RENEWALS })
    }

    fn wanted(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<Answer>>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wanted {
    /// Waits until the lease is given.
    ///
    /// # Errors
    /// Why it cannot be asked for.
    pub(super) async fn given(&mut self) -> Result<Lease, WorkerError> {
        loop {
            let answer = self.answer.borrow_and_update().clone();
            if let Some(error) = answer.error {
                return Err(WorkerError::Lease(error));
            }
            if let Some(lease) = answer.lease {
                return Ok(lease);
            }
            self.news().await;
        }
    }

    /// Waits until the store has said something.
    pub(super) async fn news(&mut self) {
        // The sender lives as long as this.
        let _ = self.answer.changed().await;
    }

    /// Whether the store, asked after `written`, does not have this lease: somebody else took it, or a crash of the server lost
    /// the last write.
    pub(super) fn is_another_than(&self, lease: Lease, written: Instant) -> bool {
        let answer = self.answer.borrow();
        let is_later = answer.asked.is_some_and(|asked| asked > written);
        is_later && answer.error.is_none() && answer.lease != Some(lease)
    }

    /// Wants the lease no longer, and gives it back if it was given meanwhile.
    pub(super) async fn give_up(self, tables: &dyn Tables) -> Result<(), StoreError> {
        let _asking = self.leases.asking.lock().await;
        self.leases.wanted().remove(&self.worker);
        let lease = self.answer.borrow().lease;
        match lease {
            Some(lease) => {
                let owner = self.leases.owner;
                tables.release(&self.worker, lease, owner).await
            }
            None => Ok(()),
        }
    }

    /// Gives the lease back.
    pub(super) async fn give_back(
        self,
        tables: &dyn Tables,
        lease: Lease,
    ) -> Result<(), StoreError> {
        self.leases.wanted().remove(&self.worker);
        let _asking = self.leases.asking.lock().await;
        let owner = self.leases.owner;
        tables.release(&self.worker, lease, owner).await
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.leases.wanted().remove(&self.worker);
    }
}
