//! The row of an inline model, as the events of its stream make it.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use crate::{
    model::{
        overflow::Overflow,
        read_model::{
            ReadModel,
            column::{UnfitCell, UnfitValue, fit_indexes},
            route::{Change, Routes},
        },
        upcast::DecodeError,
    },
    record::{column::Cell, event::RecordedEvent},
};

/// Why an event cannot be applied to a row.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// A rule's arithmetic has a result that its field cannot hold.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// A field has a value that its column does not take.
    #[error(transparent)]
    Value(#[from] UnfitValue),
    /// A stored event cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The stored row is not one of the read model: somebody else wrote it.
    #[error("the stored row is not one of the model: somebody else wrote it")]
    Cell(#[from] UnfitCell),
    /// A function gave the row another key.
    #[error("a function changed the key of the row")]
    Key,
    /// A rule panicked, with this message.
    #[error("a rule panicked: {0}")]
    Panic(String),
}

/// What a rule of the user's returns, or its panic as an error.
pub(crate) fn guarded<T, E>(
    rule: impl FnOnce() -> Result<T, E>,
    panicked: impl FnOnce(String) -> E,
) -> Result<T, E> {
    // Whatever a panic leaves half-way is dropped after any error.
    catch_unwind(AssertUnwindSafe(rule)).unwrap_or_else(|panic| Err(panicked(message_of(&*panic))))
}

/// What a panic says.
pub(crate) fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").to_owned()
}

/// The row of one stream, without its type. After an error it is of no use any more.
pub(crate) trait FoldRow: Send + Sync {
    /// Begins with a stored row.
    ///
    /// # Errors
    /// If it is not one of the model.
    fn begin(&mut self, stored: Vec<Cell>) -> Result<(), RowError>;

    /// Applies an event of the row's aggregate, with what is known of it besides.
    ///
    /// # Errors
    /// Why it cannot be applied.
    fn apply(&mut self, event: &dyn Any, source: &Arc<RecordedEvent>) -> Result<(), RowError>;

    /// Applies a stored event.
    ///
    /// # Errors
    /// Why it cannot be read or applied.
    fn apply_stored(&mut self, event: Arc<RecordedEvent>) -> Result<(), RowError>;

    /// The row, if there is one.
    ///
    /// # Errors
    /// If it has a value that no column takes, or another key.
    fn cells(&self) -> Result<Option<Vec<Cell>>, RowError>;
}

/// The row of a model.
pub(crate) struct InlineFold<M: ReadModel> {
    routes: Arc<Routes<M>>,
    /// The key that the row has by its stream.
    key: Option<M::Key>,
    row: Option<M>,
}

impl<M: ReadModel> InlineFold<M> {
    /// No row.
    pub(crate) fn new(routes: Arc<Routes<M>>) -> Self {
        Self {
            routes,
            key: None,
            row: None,
        }
    }

    fn change(&mut self, change: Change<M>) -> Result<(), RowError> {
        // There are no links where a row is that of its aggregate.
        if let Change::Row { key, effect } = change {
            effect(&mut self.row)?;
            self.key = Some(key);
        }
        Ok(())
    }
}

impl<M: ReadModel> FoldRow for InlineFold<M> {
    fn begin(&mut self, stored: Vec<Cell>) -> Result<(), RowError> {
        let row = M::from_cells(stored)?;
        self.key = Some(row.key());
        self.row = Some(row);
        Ok(())
    }

    fn apply(&mut self, event: &dyn Any, source: &Arc<RecordedEvent>) -> Result<(), RowError> {
        let routes = Arc::clone(&self.routes);
        guarded(
            || {
                let mut changes = routes.0.items_of(event, source);
                changes.try_for_each(|change| self.change(change))
            },
            RowError::Panic,
        )
    }

    fn apply_stored(&mut self, event: Arc<RecordedEvent>) -> Result<(), RowError> {
        let routes = Arc::clone(&self.routes);
        guarded(
            || {
                let changes = routes.changes(event)?;
                let mut changes = changes.into_iter();
                changes.try_for_each(|change| self.change(change))
            },
            RowError::Panic,
        )
    }

    fn cells(&self) -> Result<Option<Vec<Cell>>, RowError> {
        let Some(row) = &self.row else {
            return Ok(None);
        };
        if self.key.as_ref() != Some(&row.key()) {
            return Err(RowError::Key);
        }
        let cells = guarded(|| Ok(row.to_cells()?), RowError::Panic)?;
        fit_indexes(M::COLUMNS, &cells)?;
        Ok(Some(cells))
    }
}
