//! What a worker does with events, without knowing the type of the rows.

use std::{error::Error, sync::Arc};

use crate::{
    model::read_model::column::UnfitCell,
    record::{event::RecordedEvent, id::EventId, sentence},
    store::tables::{Key, Row},
    worker::mend::StreamRows,
};

/// Rows that are kept in memory, and what events make of them.
///
/// For each page: [`take`](Self::take) its events, [`load`](crate::store::tables::Tables::load) the rows that are
/// [`missing`](Self::missing), give them with [`loaded`](Self::loaded), then [`apply`](Self::apply).
pub(crate) trait Folder: Send + Sync {
    /// No row is stored but those that are kept here from now on.
    fn knows_all(&mut self) {}

    /// Takes an event, to be applied after those before it.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn take(&mut self, event: Arc<RecordedEvent>) -> Result<(), Fault>;

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

    /// The rows that are changed: those that are there, and those that are gone.
    ///
    /// # Errors
    /// A value that no column takes.
    fn changed(&self) -> Result<(Vec<Row>, Vec<Key>), Fault>;

    /// The changed rows were written.
    fn written(&mut self);

    /// Drops everything.
    fn forget(&mut self);

    /// The rows of an inline model.
    fn stream_rows(&mut self) -> Option<&mut dyn StreamRows> {
        None
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
