//! The links of a read model that its worker has in memory: which keys an aggregate's events lead to.

use std::{
    collections::{HashMap, HashSet},
    mem,
};

use crate::{
    model::read_model::{
        ReadModel,
        column::{UnfitCell, UnfitValue, fit_indexes},
        key::RowKey as _,
        link,
        route::Change,
    },
    read_model::fold::{Taken, guarded},
    record::{
        column::Cell,
        id::{AggregateId, TenantId},
    },
    store::tables::{Key, Row},
    worker::folder::Fault,
};

/// An aggregate.
type Stream = (TenantId, AggregateId);

/// What is kept of links, and the changes of a page that wait for those that are missing.
pub(super) struct Links<M: ReadModel> {
    kept: HashMap<Stream, Kept<M>>,
    /// Whether no link is stored but those that are here.
    pub(super) knows_all: bool,
    /// The links that differ from what is stored, each once.
    changed: Vec<Stream>,
    taken: Vec<(Stream, Change<M>)>,
}

struct Kept<M: ReadModel> {
    /// None if there is no link.
    keys: Vec<M::Key>,
    changed: bool,
}

impl<M: ReadModel> Links<M> {
    pub(super) fn new() -> Self {
        Self {
            kept: HashMap::new(),
            knows_all: false,
            changed: Vec::new(),
            taken: Vec::new(),
        }
    }

    pub(super) fn take(&mut self, stream: Stream, change: Change<M>) {
        self.taken.push((stream, change));
    }

    /// The links that are wanted and not known.
    pub(super) fn missing(&self) -> Vec<Key> {
        if self.knows_all || !M::LINKS {
            return Vec::new();
        }
        // One that is made before it is wanted need not be known.
        let (mut wanted, mut made) = (HashSet::new(), HashSet::new());
        for (stream, change) in &self.taken {
            match change {
                Change::Link(_) => drop(made.insert(stream)),
                Change::Linked(_) if !made.contains(stream) => drop(wanted.insert(stream)),
                Change::Linked(_) | Change::Row { .. } => {}
            }
        }
        let unknown = wanted.into_iter();
        let unknown = unknown.filter(|stream| !self.kept.contains_key(*stream));
        unknown.map(stored_key).collect()
    }

    /// Links that were missing. The others do not exist.
    pub(super) fn loaded(&mut self, rows: Vec<Row>) -> Result<(), UnfitCell> {
        for row in rows {
            let mut cells = row.cells.into_iter();
            let (Some(Cell::Id(id)), Some(Cell::Json(text))) = (cells.next(), cells.next()) else {
                return Err(UnfitCell::new("aggregate_id", "no link"));
            };
            let stream = (row.tenant, AggregateId::from_uuid(id));
            let (keys, changed) = (link::keys::<M>(&text)?, false);
            self.kept.insert(stream, Kept { keys, changed });
        }
        Ok(())
    }

    /// The effects on rows of what was taken, in order, where all links are known. The links change with it.
    pub(super) fn resolve(&mut self) -> Result<Vec<Taken<M>>, Fault> {
        let mut effects = Vec::new();
        for (stream, change) in mem::take(&mut self.taken) {
            let tenant = stream.0;
            match change {
                Change::Row { key, effect } => effects.push(((tenant, key), effect)),
                Change::Link(keys) => self.link(stream, keys)?,
                Change::Linked(effect_on) => {
                    let keys = self.kept.get(&stream).map(|kept| kept.keys.clone());
                    for key in keys.unwrap_or_default() {
                        effects.push(((tenant, key.clone()), effect_on(key)));
                    }
                }
            }
        }
        Ok(effects)
    }

    fn link(&mut self, stream: Stream, keys: Vec<M::Key>) -> Result<(), Fault> {
        for key in &keys {
            fits::<M>(key)?;
        }
        let kept = self.kept.entry(stream).or_insert_with(|| Kept {
            keys: Vec::new(),
            changed: false,
        });
        kept.keys = keys;
        if !mem::replace(&mut kept.changed, true) {
            self.changed.push(stream);
        }
        Ok(())
    }

    /// How many are changed, and about how many bytes are kept.
    pub(super) fn size(&self) -> (usize, usize) {
        let each = size_of::<Stream>() + 2 * size_of::<M::Key>() + size_of::<Kept<M>>();
        (self.changed.len(), self.kept.len().saturating_mul(each))
    }

    /// The links that are changed: those that are there, and those that are gone.
    pub(super) fn changed(&self) -> Result<(Vec<Row>, Vec<Key>), Fault> {
        let (mut put, mut gone) = (Vec::new(), Vec::new());
        for stream in &self.changed {
            match self.kept.get(stream).filter(|kept| !kept.keys.is_empty()) {
                Some(kept) => {
                    let text = guarded(|| link::text(&kept.keys).map_err(unfit::<M>))?;
                    let cells = vec![Cell::Id(stream.1.as_uuid()), Cell::Json(text)];
                    put.push(Row::new(stream.0, cells));
                }
                None => gone.push(stored_key(stream)),
            }
        }
        Ok((put, gone))
    }

    pub(super) fn written(&mut self) {
        for stream in self.changed.drain(..) {
            if let Some(kept) = self.kept.get_mut(&stream) {
                kept.changed = false;
            }
        }
    }

    pub(super) fn forget(&mut self) {
        *self = Self::new();
    }
}

fn stored_key((tenant, id): &Stream) -> Key {
    Key::new(*tenant, vec![Cell::Id(id.as_uuid())])
}

/// The cells of a key, if a table takes them.
pub(super) fn fits<M: ReadModel>(key: &M::Key) -> Result<Vec<Cell>, Fault> {
    let cells = guarded(|| key.cells().map_err(unfit::<M>))?;
    fit_indexes(M::COLUMNS, &cells).map_err(|unfit| Fault::new(&unfit))?;
    Ok(cells)
}

fn unfit<M: ReadModel>((index, what): (usize, String)) -> Fault {
    let column = M::COLUMNS.get(index).map_or("", |column| column.name);
    Fault::new(&UnfitValue { column, what })
}
