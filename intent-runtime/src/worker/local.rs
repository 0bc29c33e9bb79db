//! The workers of this process, for those who wait here for what they write.

use std::{
    cmp::Ordering,
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::watch;

use crate::{
    record::cursor::Cursor,
    worker::status::{Activity, WorkerStatus},
};

/// What each worker of this process says of itself, by name.
#[derive(Debug, Default)]
pub(crate) struct LocalWorkers(Mutex<HashMap<String, watch::Receiver<WorkerStatus>>>);

impl LocalWorkers {
    pub(crate) fn add(&self, worker: String, status: watch::Receiver<WorkerStatus>) {
        let mut workers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        workers.insert(worker, status);
    }

    pub(crate) fn remove(&self, worker: &str) {
        let mut workers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        workers.remove(worker);
    }

    /// Whether a worker of this process does the work.
    pub(crate) fn works(&self, worker: &str) -> bool {
        let status = self.status(worker);
        status.is_some_and(|status| {
            let status = status.borrow();
            is_published(&status) || status.activity == Activity::Building
        })
    }

    /// Waits until the worker says that it has written what is before a cursor, and that its build is published. Waits for ever if
    /// no worker of this process does the work.
    pub(crate) async fn reaches(&self, worker: &str, cursor: Cursor) {
        let is_there = |status: &WorkerStatus| {
            is_published(status) && status.cursor.compare(cursor).is_ok_and(Ordering::is_ge)
        };
        if let Some(mut status) = self.status(worker)
            && status.wait_for(is_there).await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }

    fn status(&self, worker: &str) -> Option<watch::Receiver<WorkerStatus>> {
        let workers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        workers.get(worker).cloned()
    }
}

fn is_published(status: &WorkerStatus) -> bool {
    matches!(status.activity, Activity::CatchingUp | Activity::Live)
}
