//! What a runner hears while it works: that it is to stop, and that its lease was taken away.

use std::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use tokio::{sync::watch, time::sleep};

use crate::{store::tables::builds::BuildState, worker::supervisor::Builds};

/// Why work ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interrupt {
    Stopped,
    /// Somebody else has the lease, or nobody is to have it for now, or the build is no more.
    Taken,
}

#[derive(Clone)]
pub(crate) struct Signals {
    stop: watch::Receiver<bool>,
    builds: watch::Receiver<Builds>,
}

impl Signals {
    pub(crate) const fn new(stop: watch::Receiver<bool>, builds: watch::Receiver<Builds>) -> Self {
        Self { stop, builds }
    }

    /// The build of a worker, as it was when it was last looked up; `None` if it is no more.
    pub(super) fn build(&mut self, worker: &str) -> Option<BuildState> {
        let builds = self.builds.borrow_and_update();
        builds.iter().find(|build| build.worker == worker).cloned()
    }

    /// Waits for so long, or else until the builds differ from those that were seen last. `false` if the worker is to stop.
    pub(super) async fn wait(&self, pause: Option<Duration>) -> bool {
        let (stop, mut builds) = (self.stop.clone(), self.builds.clone());
        let waited = async {
            match pause {
                Some(pause) => sleep(pause).await,
                None => drop(builds.changed().await),
            }
        };
        unless(said(stop), waited).await.is_some()
    }

    /// The result of work, unless the worker is to stop, is paused, or loses the lease that has this epoch.
    pub(super) async fn unless_lost<T>(
        &self,
        worker: &str,
        epoch: Option<i64>,
        work: impl Future<Output = T>,
    ) -> Result<T, Interrupt> {
        let mut builds = self.builds.clone();
        let taken = async move {
            let is_taken = |builds: &Builds| {
                let build = builds.iter().find(|build| build.worker == worker);
                build.is_none_or(|build| {
                    build.paused.is_some() || epoch.is_some_and(|epoch| build.epoch > epoch)
                })
            };
            let _ = builds.wait_for(is_taken).await;
        };
        let work = unless(taken, work);
        let done = unless(said(self.stop.clone()), work).await;
        done.ok_or(Interrupt::Stopped)?.ok_or(Interrupt::Taken)
    }
}

/// Waits until the worker is to stop, or nobody is left who could say so.
pub(super) async fn said(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// The result of `work`, or `None` as soon as `other` is there.
pub(super) async fn unless<T>(
    other: impl Future<Output = ()>,
    work: impl Future<Output = T>,
) -> Option<T> {
    match select(pin!(other), pin!(work)).await {
        Either::Left(_) => None,
        Either::Right((done, _)) => Some(done),
    }
}
