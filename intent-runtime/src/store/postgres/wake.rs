//! Telling readers that the log has grown: those of this process by a signal, those of others by NOTIFY.
//!
//! NOTIFY carries nothing, is sent after the commit on a connection of its own, and many appends share one: within the
//! append's transaction it would make all commits of the database wait for each other. It can be lost, so every reader
//! also looks for itself.

use std::{io, sync::Arc, time::Duration};

use sqlx::{
    Acquire,
    postgres::{PgListener, PgPoolOptions},
};
use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    connector::{self, Connector, Idle, TRUSTED},
    error::Failure,
    lane::within,
};

/// The channel of all stores in a database.
const CHANNEL: &str = "intent_events";
/// The least time between two notifications, and the first wait after a failure.
const PAUSE: Duration = Duration::from_millis(5);
/// The longest wait after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Both ends of the signal.
#[derive(Debug)]
pub(super) struct Wake {
    grown: watch::Sender<()>,
    appended: Arc<Notify>,
    connector: Connector,
    /// Whether others are listened to: not where a connection is lent for a transaction only, for what it is told then
    /// would come to whoever has it next.
    listens: bool,
    runtime: Handle,
    /// Those that were started; none once it is closed.
    tasks: std::sync::Mutex<Option<Vec<JoinHandle<()>>>>,
    listening: std::sync::Once,
    telling: std::sync::Once,
}

impl Wake {
    pub(super) fn new(connector: Connector, listens: bool) -> Self {
        Self {
            grown: watch::Sender::new(()),
            appended: Arc::default(),
            connector,
            listens,
            runtime: Handle::current(),
            tasks: std::sync::Mutex::new(Some(Vec::new())),
            listening: std::sync::Once::new(),
            telling: std::sync::Once::new(),
        }
    }

    /// Says that something was appended by this process.
    pub(super) fn appended(&self) {
        self.grown.send_replace(());
        self.appended.notify_one();
        self.telling.call_once(|| {
            self.spawn(tell(self.connector.clone(), Arc::clone(&self.appended)));
        });
    }

    /// A signal of appends by any process, or by this one where others cannot be listened to.
    pub(super) fn subscribe(&self) -> watch::Receiver<()> {
        if self.listens {
            self.listening
                .call_once(|| self.spawn(listen(self.connector.clone(), self.grown.clone())));
        }
        self.grown.subscribe()
    }

    /// Ends both tasks for good, and wakes all readers so that they learn of the end.
    pub(super) fn close(&self) {
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

/// Notifies other processes of appends by this one, many at once when there are many.
async fn tell(connector: Connector, appended: Arc<Notify>) {
    let mut kept: Option<Idle> = None;
    let mut pause = PAUSE;
    loop {
        appended.notified().await;
        let told = async {
            let mut connection = connector.keep_or_connect(kept.take()).await?;
            let notify = sqlx::query(include_str!("sql/notify.sql")).bind(CHANNEL);
            within(notify.execute(&mut connection)).await?;
            kept = Some(Idle::new(connection));
            Ok::<_, Failure>(())
        };
        match told.await {
            Ok(()) => pause = PAUSE,
            Err(error) => {
                tracing::debug!(%error, "other processes were not told of an append");
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        sleep(pause).await;
    }
}

/// Passes on what other processes tell.
async fn listen(connector: Connector, grown: watch::Sender<()>) {
    let mut pause = PAUSE;
    loop {
        let listening = async {
            let pool = PgPoolOptions::new().max_connections(1);
            let pool = pool.connect_lazy_with(connector.options());
            let mut listener = PgListener::connect_with(&pool).await?;
            within(listener.listen(CHANNEL)).await?;
            pause = PAUSE;
            loop {
                // What was sent before may have been missed.
                grown.send_replace(());
                while hear(&mut listener).await? {
                    grown.send_replace(());
                }
            }
        };
        let ended: Result<(), sqlx::Error> = listening.await;
        if let Err(error) = ended {
            tracing::debug!(%error, "appends of other processes are found by looking only");
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Waits until something is told, or the connection ends: then false. While all is silent it is asked now and then whether
/// it still stands.
async fn hear(listener: &mut PgListener) -> Result<bool, sqlx::Error> {
    loop {
        if let Ok(told) = timeout(TRUSTED, listener.try_recv()).await {
            return Ok(told?.is_some());
        }
        if !connector::is_alive(listener.acquire().await?).await {
            return Err(io::Error::from(io::ErrorKind::TimedOut).into());
        }
    }
}
