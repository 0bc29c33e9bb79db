//! Why a worker cannot go on for now.

use std::{error::Error, sync::Arc};

use crate::{
    model::read_model::column::UnfitCell, store::error::StoreError, worker::folder::Fault,
};

/// Why a worker cannot go on for now. It tries again by itself.
#[derive(thiserror::Error)]
pub(crate) enum WorkerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the store cannot be asked for the worker's lease")]
    Lease(#[source] Arc<StoreError>),
    /// The rows are made of events that this build does not hear.
    #[error(
        "the rows are made of events such as `{event}`, which this build does not hear: they are left to builds that do; where \
         the model hears fewer events on purpose, give it a new version"
    )]
    HearsFewer { event: String },
    /// This build hears events that came before the checkpoint, while nobody heard them.
    #[error(
        "the rows lack events such as `{event}`, which came before anybody heard them: rebuild the read model, or give it a new version"
    )]
    Passed { event: String },
    /// The rows of an inline model are made of other events. Builds that differ would write rows that lack each other's events,
    /// and say of each that it has all events of its stream.
    #[error(
        "the rows are not made of events such as `{event}`, which this build hears: an inline model that hears more events needs a new \
         version"
    )]
    InlineHears { event: String },
    /// An event was stored by a newer build.
    #[error("an event of a newer build is left to that build: {reason}")]
    TooOld { reason: String },
    /// A row that no event of the model leads to cannot be made anew.
    #[error("a row that no event of the model leads to cannot be made anew: {reason}")]
    Unmade { reason: String },
    /// The table is not the model's.
    #[error("{what}: rebuild the read model, or give it a new version if its columns were changed{}", repair(sql.as_deref()))]
    Drift { what: String, sql: Option<String> },
    /// The rows are made of another log than this one.
    #[error(
        "the rows are made of another log than the store has, as after going back to a backup: rebuild the read model"
    )]
    OtherLog {
        #[source]
        source: Option<StoreError>,
    },
    /// A projection failed, or panicked.
    #[error("the projection failed")]
    Projection(#[source] ProjectionFailure),
    /// A row was not written by a worker.
    #[error("a row of the table is not one of the model: somebody else wrote it")]
    Row(#[from] UnfitCell),
}

impl WorkerError {
    /// Why a row cannot be made anew that no event of the model leads to.
    pub(super) fn unmade(fault: Fault) -> Self {
        let reason = fault.reason;
        match fault.of_newer_build {
            true => Self::TooOld { reason },
            false => Self::Unmade { reason },
        }
    }
}

/// Why a projection failed.
pub(crate) type ProjectionFailure = Box<dyn Error + Send + Sync>;

fn repair(sql: Option<&str>) -> String {
    sql.map_or_else(String::new, |sql| format!(", or run: {sql}"))
}

crate::record::sentence::debug!(WorkerError);
