//! Folding events into the rows of one read model.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{
    model::{
        read_model::{
            ReadModel,
            key::RowKey as _,
            route::{Effect, Routes},
        },
        upcast::DecodeError,
    },
    read_model::kind::table,
    record::{column::Cell, event::RecordedEvent, id::TenantId},
    store::tables::{Key, Row, Table},
    worker::folder::{Folder, Size},
};

/// How many bytes of rows are kept after they were written, by estimate.
const KEPT: usize = 64 * 1024 * 1024;

type Place<M> = (TenantId, <M as ReadModel>::Key);

/// The rows of a read model that its worker has in memory.
pub(crate) struct Fold<M: ReadModel> {
    routes: Routes<M>,
    /// Rows as they are, or `None` for those that do not exist.
    rows: HashMap<Place<M>, Option<M>>,
    /// Those that differ from what is stored.
    changed: HashSet<Place<M>>,
    /// What was taken and not applied yet.
    taken: Vec<(Place<M>, Effect<M>)>,
}

impl<M: ReadModel> Fold<M> {
    pub(crate) fn new() -> Self {
        Self {
            routes: Routes::of_model(),
            rows: HashMap::new(),
            changed: HashSet::new(),
            taken: Vec::new(),
        }
    }
}

impl<M: ReadModel> Folder for Fold<M> {
    fn table(&self) -> &'static Table {
        table::<M>()
    }

    fn take(&mut self, event: RecordedEvent) -> Result<(), String> {
        let tenant = event.tenant_id;
        let changes = guarded(|| self.routes.changes(event).map_err(|error| chain(&error)))?;
        for change in changes {
            // A key that no column takes is told now, by the event that gave it.
            change.key.cells().map_err(|unfit| of_key::<M>(unfit))?;
            self.taken.push(((tenant, change.key), change.effect));
        }
        Ok(())
    }

    fn missing(&self) -> Result<Vec<Key>, String> {
        let places: HashSet<&Place<M>> = self.taken.iter().map(|(place, _)| place).collect();
        let unknown = places
            .into_iter()
            .filter(|place| !self.rows.contains_key(*place));
        unknown.map(key::<M>).collect()
    }

    fn loaded(&mut self, rows: Vec<Row>) -> Result<(), String> {
        for row in rows {
            let read = M::from_cells(row.cells).map_err(|unfit| unfit.to_string())?;
            self.rows.insert((row.tenant, read.key()), Some(read));
        }
        Ok(())
    }

    fn apply(&mut self) -> Result<(), String> {
        for (place, effect) in std::mem::take(&mut self.taken) {
            let row = self.rows.entry(place.clone()).or_default();
            let existed = row.is_some();
            guarded(|| effect(row).map_err(|overflow| overflow.to_string()))?;
            // A row that was not there and is not there now is no change.
            if existed || row.is_some() {
                self.changed.insert(place);
            }
        }
        Ok(())
    }

    fn size(&self) -> Size {
        // An estimate: what a row keeps outside of itself is not counted but as twice its own size.
        let each = size_of::<Place<M>>() + 3 * size_of::<Option<M>>();
        Size {
            changed: self.changed.len(),
            kept: self.rows.len().saturating_mul(each),
        }
    }

    fn changed(&self) -> Result<(Vec<Row>, Vec<Key>), String> {
        let (mut put, mut gone) = (Vec::new(), Vec::new());
        for place in &self.changed {
            match self.rows.get(place) {
                Some(Some(row)) => {
                    let cells = guarded(|| row.to_cells().map_err(|unfit| unfit.to_string()))?;
                    put.push(Row::new(place.0, cells));
                }
                _ => gone.push(key::<M>(place)?),
            }
        }
        Ok((put, gone))
    }

    fn written(&mut self) {
        self.changed.clear();
        if self.size().kept > KEPT {
            self.rows.clear();
        }
    }

    fn forget(&mut self) {
        self.rows.clear();
        self.changed.clear();
        self.taken.clear();
    }
}

fn key<M: ReadModel>((tenant, key): &Place<M>) -> Result<Key, String> {
    let cells: Vec<Cell> = key.cells().map_err(|unfit| of_key::<M>(unfit))?;
    Ok(Key::new(*tenant, cells))
}

fn of_key<M: ReadModel>((index, what): (usize, String)) -> String {
    let column = M::COLUMNS.get(index).map_or("", |column| column.name);
    format!("the column `{column}` takes no {what}")
}

/// What the user's code returns, or its panic as an error.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // Whatever a panic leaves half-way is forgotten after any error.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Err(format!(
            "a rule panicked: {}",
            text.unwrap_or("without a message")
        ))
    })
}

/// An error with its causes.
fn chain(error: &DecodeError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl<M: ReadModel> fmt::Debug for Fold<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fold")
            .field("table", &M::TABLE)
            .field("rows", &self.rows.len())
            .field("changed", &self.changed.len())
            .finish_non_exhaustive()
    }
}
