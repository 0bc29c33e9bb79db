//! What a worker does with events, without knowing the type of the rows.

use crate::{
    record::event::RecordedEvent,
    store::tables::{Key, Row, Table},
};

/// Rows that are kept in memory, and what events make of them.
///
/// For each page: [`take`](Self::take) its events, [`load`](crate::store::tables::Tables::load) the rows that are
/// [`missing`](Self::missing), give them with [`loaded`](Self::loaded), then [`apply`](Self::apply).
pub(crate) trait Folder: Send + Sync {
    fn table(&self) -> &'static Table;

    /// Takes an event, to be applied after those before it.
    ///
    /// # Errors
    /// Why it cannot be read, or which key is none.
    fn take(&mut self, event: RecordedEvent) -> Result<(), String>;

    /// The keys of rows that are wanted and not known.
    fn missing(&self) -> Result<Vec<Key>, String>;

    /// Rows that were missing. The others do not exist.
    ///
    /// # Errors
    /// A row that is not one of the model.
    fn loaded(&mut self, rows: Vec<Row>) -> Result<(), String>;

    /// Applies what was taken. After an error all is to be forgotten.
    ///
    /// # Errors
    /// Why an event cannot be applied.
    fn apply(&mut self) -> Result<(), String>;

    /// How many rows are changed, and how many bytes of rows are kept, by estimate.
    fn size(&self) -> Size;

    /// The rows that are changed: those that are there, and those that are gone.
    ///
    /// # Errors
    /// A value that no column takes.
    fn changed(&self) -> Result<(Vec<Row>, Vec<Key>), String>;

    /// The changed rows were written.
    fn written(&mut self);

    /// Drops everything.
    fn forget(&mut self);
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Size {
    pub(crate) changed: usize,
    pub(crate) kept: usize,
}
