//! Folding events into the rows of one read model.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    fmt,
    sync::Arc,
};

use crate::{
    model::{
        read_model::{
            ReadModel,
            column::{UnfitCell, fit_indexes},
            inline,
            route::{Effect, Routes},
        },
        upcast::DecodeError,
    },
    read_model::links::{Links, fits},
    record::{event::RecordedEvent, id::TenantId},
    store::tables::{Key, Row},
    worker::folder::{Changed, Fault, Folder, Size},
};

/// How many bytes of rows are kept after they were written, by estimate.
const KEPT: usize = 64 * 1024 * 1024;

pub(super) type Place<M> = (TenantId, <M as ReadModel>::Key);

/// What an event does to one row.
pub(super) type Taken<M> = (Place<M>, Effect<M>);

/// The rows of a read model that its worker has in memory.
pub(crate) struct Fold<M: ReadModel> {
    routes: Routes<M>,
    rows: HashMap<Place<M>, Kept<M>>,
    /// Whether no row is stored but those that are here.
    knows_all: bool,
    links: Links<M>,
    /// The rows that differ from what is stored, each once.
    changed: Vec<Place<M>>,
    /// What was taken and not applied yet.
    taken: Vec<Taken<M>>,
}

struct Kept<M> {
    /// `None` if there is no such row.
    row: Option<M>,
    changed: bool,
}

impl<M: ReadModel> Fold<M> {
    pub(crate) fn new() -> Self {
        Self {
            routes: Routes::of_model(),
            rows: HashMap::new(),
            knows_all: false,
            links: Links::new(),
            changed: Vec::new(),
            taken: Vec::new(),
        }
    }
}

impl<M: ReadModel> Folder for Fold<M> {
    fn knows_all(&mut self) {
        self.knows_all = true;
        self.links.knows_all = true;
    }

    fn take(&mut self, event: Arc<RecordedEvent>) -> Result<(), Fault> {
        let stream = (event.tenant_id, event.aggregate_id);
        let changes = guarded(|| self.routes.changes(event).map_err(unread))?;
        for change in changes {
            self.links.take(stream, change);
        }
        Ok(())
    }

    fn missing_links(&self) -> Vec<Key> {
        self.links.missing()
    }

    fn linked(&mut self, rows: Vec<Row>) -> Result<Result<(), Fault>, UnfitCell> {
        self.links.loaded(rows)?;
        Ok(guarded(|| self.links.resolve()).map(|effects| self.taken.extend(effects)))
    }

    fn missing(&self) -> Result<Vec<Key>, Fault> {
        if self.knows_all {
            return Ok(Vec::new());
        }
        let places: HashSet<&Place<M>> = self.taken.iter().map(|(place, _)| place).collect();
        let unknown = places
            .into_iter()
            .filter(|place| !self.rows.contains_key(*place));
        unknown.map(key::<M>).collect()
    }

    fn loaded(&mut self, rows: Vec<Row>) -> Result<(), UnfitCell> {
        for row in rows {
            let read = M::from_cells(row.cells)?;
            let place = (row.tenant, read.key());
            let (row, changed) = (Some(read), false);
            self.rows.insert(place, Kept { row, changed });
        }
        Ok(())
    }

    fn apply(&mut self) -> Result<(), Fault> {
        for (place, effect) in std::mem::take(&mut self.taken) {
            match self.rows.entry(place) {
                Entry::Occupied(mut kept) => {
                    if kept.get_mut().change(effect)? {
                        self.changed.push(kept.key().clone());
                    }
                }
                // It was missing, and there is no such row.
                Entry::Vacant(vacant) => {
                    let place = vacant.key().clone();
                    let none = Kept {
                        row: None,
                        changed: false,
                    };
                    if vacant.insert(none).change(effect)? {
                        self.changed.push(place);
                    }
                }
            }
        }
        Ok(())
    }

    fn size(&self) -> Size {
        // An estimate: what a row keeps outside of itself is not counted but as twice its own size.
        let each = size_of::<Place<M>>() + 3 * size_of::<Option<M>>();
        let (links, bytes) = self.links.size();
        Size {
            changed: self.changed.len() + links,
            kept: self.rows.len().saturating_mul(each) + bytes,
        }
    }

    fn changed(&self) -> Result<Changed, Fault> {
        let (mut put, mut gone) = (Vec::new(), Vec::new());
        for place in &self.changed {
            match self.rows.get(place).and_then(|kept| kept.row.as_ref()) {
                // It would be written over another row, or beside the one that it was.
                Some(row) if row.key() != place.1 => {
                    return Err(Fault::said("a function changed the key of the row"));
                }
                Some(row) => {
                    let cells = guarded(|| row.to_cells().map_err(|unfit| Fault::new(&unfit)))?;
                    fit_indexes(M::COLUMNS, &cells).map_err(|unfit| Fault::new(&unfit))?;
                    put.push(Row::new(place.0, cells));
                }
                None => gone.push(key::<M>(place)?),
            }
        }
        let (put_links, gone_links) = self.links.changed()?;
        Ok(Changed {
            put,
            gone,
            put_links,
            gone_links,
        })
    }

    fn written(&mut self) {
        if self.size().kept > KEPT {
            self.forget();
        }
        for place in self.changed.drain(..) {
            if let Some(kept) = self.rows.get_mut(&place) {
                kept.changed = false;
            }
        }
        self.links.written();
    }

    fn forget(&mut self) {
        self.rows.clear();
        self.links.forget();
        self.knows_all = false;
        self.changed.clear();
        self.taken.clear();
    }
}

impl<M> Kept<M> {
    /// Whether the row differs from what is stored since now.
    fn change(&mut self, effect: Effect<M>) -> Result<bool, Fault> {
        let existed = self.row.is_some();
        guarded(|| effect(&mut self.row).map_err(|overflow| Fault::new(&overflow)))?;
        // A row that was not there and is not there now is no change.
        let is_first = !self.changed && (existed || self.row.is_some());
        self.changed |= is_first;
        Ok(is_first)
    }
}

fn key<M: ReadModel>((tenant, key): &Place<M>) -> Result<Key, Fault> {
    Ok(Key::new(*tenant, fits::<M>(key)?))
}

pub(super) fn unread(error: DecodeError) -> Fault {
    Fault {
        of_newer_build: matches!(error, DecodeError::FutureVersion { .. }),
        ..Fault::new(&error)
    }
}

/// What the user's code returns, or its panic as a fault.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    inline::guarded(work, |text| Fault::said(format!("a rule panicked: {text}")))
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
