//! Workers: tasks that read the log, keep what they make of it, and never write it twice or skip an event.

pub(crate) mod error;
pub(crate) mod feed;
pub(crate) mod folder;
pub(crate) mod heard;
mod held_back;
pub(crate) mod leases;
pub(crate) mod local;
mod reading;
pub(crate) mod runner;
pub(crate) mod status;

use std::sync::Arc;

use tokio::sync::watch;

use crate::{
    store::port::Store,
    worker::{feed::Feed, leases::Leases},
};

/// What the workers of a process share.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) leases: Arc<Leases>,
    /// Becomes `true` when they are to stop.
    pub(crate) stop: watch::Receiver<bool>,
}
