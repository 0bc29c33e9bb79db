//! Workers: tasks that read the log, keep what they make of it, and never write it twice or skip an event.

pub(crate) mod check;
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
mod write;

use std::sync::Arc;

use crate::{
    record::{cursor::Cursor, id::TenantId},
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

/// Where a reader of the events of a tenant, or of all, stands that has read the last one that can be seen. Positions may be drawn behind it that no event
/// has, so [`LogHealth::end`](crate::store::LogHealth::end) is no place that a reader comes to.
pub(crate) async fn last_event(
    store: &dyn Store,
    tenant: Option<TenantId>,
) -> Result<Cursor, StoreError> {
    let all = LogSelection::all();
    let look = LookBack {
        tenant,
        ..LookBack::new(&all, 1)
    };
    let newest = store.look_back(look).await?;
    let newest = newest.events.first();
    Ok(newest.map_or(Cursor::START, |event| {
        Cursor::after(store.store_id(), event.position)
    }))
}
