//! Workers: tasks that read the log, keep what they make of it, and never write it twice or skip an event.

mod check;
pub(crate) mod error;
pub(crate) mod feed;
pub(crate) mod folder;
pub(crate) mod heard;
mod held_back;
pub(crate) mod leases;
pub(crate) mod local;
pub(crate) mod mend;
mod publish;
mod reading;
pub(crate) mod runner;
pub(crate) mod signals;
pub(crate) mod status;
pub(crate) mod supervisor;
mod work;

use std::sync::Arc;

use crate::{
    record::cursor::Cursor,
    store::{error::StoreError, lookup::LookBack, port::Store, selection::LogSelection},
    worker::{feed::Feed, leases::Leases, signals::Signals},
};

/// What the workers of a process share.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) leases: Arc<Leases>,
    /// What they are told.
    pub(crate) signals: Signals,
}

/// Where a reader of all events stands that has read the last one that can be seen. Positions may be drawn behind it that no event
/// has, so [`LogHealth::end`](crate::store::LogHealth::end) is no place that a reader comes to.
pub(crate) async fn last_event(store: &dyn Store) -> Result<Cursor, StoreError> {
    let all = LogSelection::all();
    let newest = store.look_back(LookBack::new(&all, 1)).await?;
    let newest = newest.events.first();
    Ok(newest.map_or(Cursor::START, |event| {
        Cursor::after(store.store_id(), event.position)
    }))
}
