//! The workers of this process, for those who wait here for what they write.

use std::{
    cmp::Ordering,
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    record::cursor::Cursor,
    store::tables::builds::BuildState,
    worker::status::{Activity, WorkerStatus},
};

/// What each worker of this process says of itself, by name.
#[derive(Debug, Default)]
pub(crate) struct LocalWorkers(Mutex<HashMap<String, Local>>);

#[derive(Debug)]
struct Local {
    status: watch::Receiver<WorkerStatus>,
    /// Who holds its lease, if this process does.
    owner: Uuid,
}

impl LocalWorkers {
    pub(crate) fn add(&self, worker: String, status: watch::Receiver<WorkerStatus>, owner: Uuid) {
        let mut workers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        workers.insert(worker, Local { status, owner });
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

    /// Whether a worker of this process is about to try again what holds tenants back: it begins, or has not come to them.
    pub(crate) fn is_about_to_try(&self, build: &BuildState) -> bool {
        let workers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody tells any more what a worker does whose task has ended.
        let local = workers.get(&build.worker);
        let Some(local) = local.filter(|local| local.status.has_changed().is_ok()) else {
            return false;
        };
        let status = local.status.borrow();
        let is_tried = match status.activity {
            Activity::Live => status.epoch == Some(build.epoch),
            Activity::CatchingUp | Activity::Waiting => false,
            _ => true,
        };
        let is_ours = build.holder.is_none_or(|holder| holder == local.owner);
        !is_tried && is_ours && build.paused.is_none()
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
        workers.get(worker).map(|local| local.status.clone())
    }
}

fn is_published(status: &WorkerStatus) -> bool {
    matches!(status.activity, Activity::CatchingUp | Activity::Live)
}
