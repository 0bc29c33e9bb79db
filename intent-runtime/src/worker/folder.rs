//! What a worker does with events, without knowing the type of the rows.

use std::{error::Error, sync::Arc};

use futures_util::future::BoxFuture;

use crate::{
    model::read_model::column::UnfitCell,
    record::{
        event::RecordedEvent,
        id::{EventId, TenantId},
        sentence,
    },
    store::{
        error::StoreError,
        tables::{Flush, Key, Row, Tables},
    },
    worker::{error::WorkerError, mend::StreamRows},
};

/// Rows that are kept in memory, and what events make of them.
///
/// For each page: [`take`](Self::take) its events, give the [links](Self::linked) that are missing, [`load`](crate::store::tables::Tables::load) the rows that are
/// [`missing`](Self::missing), give them with [`loaded`](Self::loaded), then [`apply`](Self::apply).
pub(crate) trait Folder: Send + Sync {
    /// No row is stored but those that are kept here from now on.
    fn knows_all(&mut self) {}

    /// Takes an event, to be applied after those before it.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn take(&mut self, event: Arc<RecordedEvent>) -> Result<(), Fault>;

    /// The keys of links that are wanted and not known: see [`Table::links`](crate::store::tables::Table::links).
    fn missing_links(&self) -> Vec<Key> {
        Vec::new()
    }

    /// Links that were missing; the others do not exist. Now it is known which rows are wanted. It is called for each page.
    ///
    /// # Errors
    /// A row that is no link. The inner error is a key that no column takes.
    fn linked(&mut self, rows: Vec<Row>) -> Result<Result<(), Fault>, UnfitCell> {
        let _ = rows;
        Ok(Ok(()))
    }

    /// The keys of rows that are wanted and not known.
    ///
    /// # Errors
    /// A key that no column takes.
    fn missing(&self) -> Result<Vec<Key>, Fault>;

    /// Rows that were missing. The others do not exist.
    ///
    /// # Errors
    /// A row that is not one of the model.
    fn loaded(&mut self, rows: Vec<Row>) -> Result<(), UnfitCell>;

    /// Applies what was taken. After an error all is to be forgotten.
    ///
    /// # Errors
    /// Why an event cannot be applied.
    fn apply(&mut self) -> Result<(), Fault>;

    /// How many rows are changed, and how many bytes of rows are kept, by estimate.
    fn size(&self) -> Size;

    /// What is changed.
    ///
    /// # Errors
    /// A value that no column takes.
    fn changed(&self) -> Result<Changed, Fault>;

    /// The changed rows were written.
    fn written(&mut self);

    /// Drops everything.
    fn forget(&mut self);

    /// What is written by hand. Then there are no rows.
    fn by_hand(&self) -> Option<&dyn ByHand> {
        None
    }

    /// The rows of an inline model.
    fn stream_rows(&mut self) -> Option<&mut dyn StreamRows> {
        None
    }
}

/// The rows that are changed, those that are there and those that are gone, and the same of links.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    pub(crate) put: Vec<Row>,
    pub(crate) gone: Vec<Key>,
    pub(crate) put_links: Vec<Row>,
    pub(crate) gone_links: Vec<Key>,
}

/// What a projection makes of the events that were taken.
pub(crate) trait ByHand: Send + Sync {
    /// Lets it see the events, and moves the checkpoint. `false` if the lease is lost.
    ///
    /// # Errors
    /// Why nothing was written.
    fn write<'a>(
        &'a self,
        tables: &'a dyn Tables,
        flush: Flush<'a>,
    ) -> BoxFuture<'a, Result<bool, Unwritten>>;
}

/// Why nothing was written.
#[derive(Debug)]
pub(crate) enum Unwritten {
    Worker(WorkerError),
    /// Because of one of the events, which holds back its tenant.
    Event {
        tenant: TenantId,
        event: EventId,
        reason: String,
    },
}

impl From<WorkerError> for Unwritten {
    fn from(error: WorkerError) -> Self {
        Self::Worker(error)
    }
}

impl From<StoreError> for Unwritten {
    fn from(error: StoreError) -> Self {
        Self::Worker(error.into())
    }
}

impl From<Unwritten> for WorkerError {
    fn from(unwritten: Unwritten) -> Self {
        match unwritten {
            Unwritten::Worker(error) => error,
            Unwritten::Event { reason, .. } => Self::Projection(reason.into()),
        }
    }
}

impl<'a> Flush<'a> {
    /// Also writes what is changed.
    pub(super) fn with(self, changed: &'a Changed) -> Self {
        Self {
            put: &changed.put,
            gone: &changed.gone,
            put_links: &changed.put_links,
            gone_links: &changed.gone_links,
            ..self
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Size {
    pub(crate) changed: usize,
    pub(crate) kept: usize,
}

/// Why an event cannot be applied.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The sentence with its causes.
    pub(crate) reason: String,
    /// Whether a newer build than this one can apply it.
    pub(crate) of_newer_build: bool,
    /// The event, if it is not the one that was taken.
    pub(crate) culprit: Option<EventId>,
}

impl Fault {
    pub(crate) fn new(error: &dyn Error) -> Self {
        let causes = sentence::causes(error).into_iter();
        let sentences: Vec<String> = std::iter::once(error.to_string()).chain(causes).collect();
        Self::said(sentences.join(": "))
    }

    pub(crate) fn said(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            of_newer_build: false,
            culprit: None,
        }
    }
}
