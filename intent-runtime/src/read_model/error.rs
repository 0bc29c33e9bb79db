//! Errors of reading rows and of waiting for them.

use crate::{model::read_model::column::UnfitCell, store::error::StoreError};

/// Why rows could not be read.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The read model is not one of the app's domain. Handling: add `.read_model::<M>()` to the domain.
    #[error("`{model}` is not a read model of this app's domain: add it with `.read_model::<M>()`")]
    NotRegistered {
        /// Its table.
        model: &'static str,
    },
    /// The rows of this version of the read model are being built for the first time, or no worker has begun. Handling: start
    /// the workers, and read again when they have caught up with the log.
    #[error("`{model}` was not built yet: start the workers, or wait until they have caught up")]
    NotBuilt {
        /// Its table.
        model: &'static str,
    },
    /// A row is not one of the read model: somebody else wrote it. Handling: as its error says.
    #[error("a row of `{model}` cannot be read")]
    Row {
        /// Its table.
        model: &'static str,
        /// Which column, and what it has.
        source: UnfitCell,
    },
    /// A value of the key or a parameter is one that no column takes.
    #[error("a value for `{model}` is one that no column takes: {what}")]
    Value {
        /// Its table.
        model: &'static str,
        /// What it has.
        what: String,
    },
    /// The store failed, or refused the statement. Handling: as its error says.
    #[error(transparent)]
    Store(#[from] StoreError),
}

crate::record::sentence::debug!(ReadError);

/// Why rows did not have what was waited for.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The read model is not one of the app's domain. Handling: add `.read_model::<M>()` to the domain.
    #[error("`{model}` is not a read model of this app's domain: add it with `.read_model::<M>()`")]
    NotRegistered {
        /// Its table.
        model: &'static str,
    },
    /// No worker holds the lease of the read model. Handling: start the workers, here or in another process.
    #[error("nobody keeps `{model}`: start the workers, here or in another process")]
    NoWorker {
        /// Its table.
        model: &'static str,
    },
    /// The worker did not come far enough in time. Handling: wait again; see [`Workers::status`](crate::Workers::status) for
    /// what holds it up.
    #[error("`{model}` has not come that far in time")]
    TooSlow {
        /// Its table.
        model: &'static str,
    },
    /// An event of the tenant could not be applied, so its rows stay as they were before it. Handling: correct the rules or the
    /// event, and start the workers again.
    #[error("`{model}` holds this tenant back: {reason}")]
    HeldBack {
        /// Its table.
        model: &'static str,
        /// Why the event could not be applied.
        reason: String,
    },
    /// The store failed. Handling: as its error says.
    #[error(transparent)]
    Store(#[from] StoreError),
}

crate::record::sentence::debug!(WaitError);
