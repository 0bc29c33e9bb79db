//! Telling readers that the log has grown: those of this process by a signal, those of others by NOTIFY.
//!
//! NOTIFY carries nothing. It is sent after the commit, on a connection of its own, once for many appends. Within the append's
//! transaction, it would make all commits of the database wait for each other. It can be lost, so every reader also looks by
//! itself.

use std::{io, sync::Arc, time::Duration};

use sqlx::{Acquire, postgres::PgListener};
use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::store::{
    log::LogHealth,
    postgres::connection::{
        open::{self, Connector, TRUSTED},
        run::{Dedicated, within},
    },
};

/// The channel of all stores in a database.
const CHANNEL: &str = "intent_events";
/// The least time between two notifications, and the first wait after a failure.
const PAUSE: Duration = Duration::from_millis(5);
/// The longest wait after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How often a reader looks for itself where it is woken by other processes, and where it is not.
const RARELY: Duration = Duration::from_secs(3);
const OFTEN: Duration = Duration::from_millis(250);

/// Both ends of the signal.
#[derive(Debug)]
pub(crate) struct Wake {
    grown: watch::Sender<()>,
    appended: Arc<Notify>,
    listening: Arc<Condition>,
    telling: Arc<Condition>,
    connector: Connector,
    /// Whether the store listens to other processes. It does not where a pooler lends connections for one transaction: a
    /// notification would reach the connection's next client.
    listens: bool,
    runtime: Handle,
    /// The tasks that were started; `None` once it is closed.
    tasks: std::sync::Mutex<Option<Vec<JoinHandle<()>>>>,
    listens_once: std::sync::Once,
    tells_once: std::sync::Once,
}

/// Why one of the two tasks fails, if it does. A change between working and failing is logged once.
#[derive(Debug, Default)]
struct Condition(std::sync::Mutex<Option<String>>);

impl Wake {
    pub(crate) fn new(connector: Connector, listens: bool) -> Self {
        Self {
            grown: watch::Sender::new(()),
            appended: Arc::default(),
            listening: Arc::default(),
            telling: Arc::default(),
            connector,
            listens,
            runtime: Handle::current(),
            tasks: std::sync::Mutex::new(Some(Vec::new())),
            listens_once: std::sync::Once::new(),
            tells_once: std::sync::Once::new(),
        }
    }

    /// Says that something was appended by this process.
    pub(crate) fn appended(&self) {
        self.grown.send_replace(());
        self.appended.notify_one();
        self.tells_once.call_once(|| {
            let (appended, condition) = (Arc::clone(&self.appended), Arc::clone(&self.telling));
            self.spawn(tell(self.connector.clone(), appended, condition));
        });
    }

    /// A signal of appends by any process, or only by this one if the store cannot listen to others.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        if self.listens {
            self.listens_once.call_once(|| {
                let (grown, condition) = (self.grown.clone(), Arc::clone(&self.listening));
                self.spawn(listen(self.connector.clone(), grown, condition));
            });
        }
        self.grown.subscribe()
    }

    /// How often a reader looks for itself. A notification is lost when a process ends between an append and its NOTIFY.
    pub(crate) fn poll_interval(&self) -> Duration {
        let hears_others = self.listens && self.listening.failure().is_none();
        if hears_others { RARELY } else { OFTEN }
    }

    pub(crate) fn report(&self, health: &mut LogHealth) {
        health.listen_failure = self.listening.failure().clone();
        health.notify_failure = self.telling.failure().clone();
    }

    /// Ends both tasks for good, and wakes all readers so that they learn of the end.
    pub(crate) fn close(&self) {
        for task in self.lock().take().into_iter().flatten() {
            task.abort();
        }
        self.grown.send_replace(());
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(tasks) = &mut *self.lock() {
            tasks.push(self.runtime.spawn(task));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Vec<JoinHandle<()>>>> {
        let tasks = self.tasks.lock();
        tasks.unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        self.close();
    }
}

impl Condition {
    fn failure(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        let failure = self.0.lock();
        failure.unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Notes a failure, and says whether it is the first since it worked.
    fn fails(&self, error: &impl ToString) -> bool {
        self.failure().replace(error.to_string()).is_none()
    }

    /// Notes that it works, and says whether it did not before.
    fn works(&self) -> bool {
        self.failure().take().is_some()
    }
}

/// Notifies other processes of appends by this one, once for many appends.
async fn tell(connector: Connector, appended: Arc<Notify>, condition: Arc<Condition>) {
    let mut connection = Dedicated::new(connector, None);
    let mut pause = PAUSE;
    loop {
        appended.notified().await;
        let told = connection.run((), |(), connection| {
            let notify = sqlx::query(include_str!("../sql/notify.sql"));
            Box::pin(notify.bind(CHANNEL).execute(connection))
        });
        match told.await {
            Ok(_) => {
                pause = PAUSE;
                if condition.works() {
                    tracing::info!("NOTIFY works again: readers in other processes are woken");
                }
            }
            Err(error) => {
                if condition.fails(&error) {
                    tracing::warn!(%error, "NOTIFY fails: readers in other processes find appends only by polling");
                }
                // Try again, so that the other processes learn of these appends.
                appended.notify_one();
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        sleep(pause).await;
    }
}

/// Wakes readers of this process when others notify.
async fn listen(connector: Connector, grown: watch::Sender<()>, condition: Arc<Condition>) {
    let mut pause = PAUSE;
    loop {
        let listening = async {
            let mut listener = PgListener::connect_with(&connector.pool_of_one()).await?;
            within(listener.listen(CHANNEL)).await?;
            pause = PAUSE;
            if condition.works() {
                tracing::info!(
                    "LISTEN works again: readers are woken by appends of other processes"
                );
            }
            loop {
                // A notification from before may have been missed.
                grown.send_replace(());
                while hear(&mut listener).await? {
                    grown.send_replace(());
                }
            }
        };
        let ended: Result<(), sqlx::Error> = listening.await;
        if let Err(error) = ended
            && condition.fails(&error)
        {
            tracing::warn!(%error, "LISTEN fails: readers find appends of other processes only by polling");
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Waits for a notification. `false` if the connection ends. During a long silence it checks that the connection still
/// works.
async fn hear(listener: &mut PgListener) -> Result<bool, sqlx::Error> {
    loop {
        if let Ok(told) = timeout(TRUSTED, listener.try_recv()).await {
            return Ok(told?.is_some());
        }
        if !open::is_sound(listener.acquire().await?).await {
            return Err(io::Error::from(io::ErrorKind::TimedOut).into());
        }
    }
}
