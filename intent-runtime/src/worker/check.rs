//! Whether a worker can go on from what is there.

use std::ops::ControlFlow;

use crate::{
    record::{cursor::Cursor, event::RecordedEvent, version::Position},
    store::{
        error::StoreError,
        log::ReadLog,
        port::Store,
        selection::LogSelection,
        tables::{LastEvent, Tables, builds::Build},
    },
    worker::error::WorkerError,
};

/// Makes sure that the table of a build is that of its model.
///
/// # Errors
/// [`WorkerError::Drift`].
pub(crate) async fn table(tables: &dyn Tables, build: Build<'_>) -> Result<(), WorkerError> {
    let drifts = tables.inspect(build).await?;
    match drifts.into_iter().find(|drift| drift.stops) {
        Some(drift) => Err(WorkerError::Drift {
            what: drift.what,
            sql: drift.sql,
        }),
        None => Ok(()),
    }
}

/// Makes sure that rows are made of the log that the store has: their last event is where it was.
///
/// # Errors
/// [`WorkerError::OtherLog`].
pub(crate) async fn log(store: &dyn Store, last: Option<LastEvent>) -> Result<(), WorkerError> {
    let Some(last) = last else {
        return Ok(());
    };
    let before = Position::new(last.position.get().saturating_sub(1));
    let read = ReadLog {
        after: Cursor::at(store.store_id(), before),
        tenant: None,
        filter: &LogSelection::all(),
        limit: 1,
    };
    let mut found = None;
    let mut sink = |event: RecordedEvent| {
        found = Some((event.position, event.id));
        ControlFlow::Break(())
    };
    store.read_log(read, &mut sink).await?;
    match found == Some((last.position, last.id)) {
        true => Ok(()),
        false => Err(WorkerError::OtherLog { source: None }),
    }
}

impl WorkerError {
    /// A checkpoint that the log does not know is one of another log.
    pub(crate) fn of_log(self) -> Self {
        match self {
            Self::Store(source @ StoreError::UnknownCursor { .. }) => Self::OtherLog {
                source: Some(source),
            },
            other => other,
        }
    }
}
