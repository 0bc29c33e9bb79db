//! What a worker does for an inline model: it mends the rows that some append did not carry.
//!
//! A row is made of the events up to the version that it has. So the worker applies only the events that a row lacks, and a row that
//! was made of more events meanwhile stays.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::Arc,
};

use crate::{
    dispatch::inline::InlineModel,
    model::{
        read_model::{
            column::UnfitCell,
            inline::{FoldRow, RowError},
        },
        upcast::DecodeError,
    },
    record::{
        column::Cell,
        event::RecordedEvent,
        id::{AggregateId, TenantId},
        stream::StreamId,
        version::Version,
    },
    store::tables::{Key, Row, inline::FIRST_BUILD},
    worker::{
        folder::{Changed, Fault, Folder, Size},
        mend::StreamRows,
    },
};

/// About how many bytes a row has beside its texts.
const ROW: usize = 512;

type Place = (TenantId, AggregateId);

/// The rows of an inline model that its worker has in memory.
pub(crate) struct InlineFolder {
    model: InlineModel,
    rows: HashMap<Place, Kept>,
    /// The rows that differ from what is stored, each once, in the order in which they changed: a value that one row gives up is
    /// free for the next.
    changed: Vec<Place>,
    /// About how many bytes the rows have: what was loaded, and the events that were applied.
    bytes: usize,
    /// What was taken and not applied yet.
    taken: Vec<Arc<RecordedEvent>>,
}

struct Kept {
    row: Box<dyn FoldRow>,
    /// Up to where it is made.
    version: Version,
    changed: bool,
    /// The build that it goes on from; negative if that build is to make it anew.
    build: i64,
}

impl InlineFolder {
    pub(crate) fn new(model: InlineModel) -> Self {
        Self {
            model,
            rows: HashMap::new(),
            changed: Vec::new(),
            bytes: 0,
            taken: Vec::new(),
        }
    }
}

fn place(event: &RecordedEvent) -> Place {
    (event.tenant_id, event.aggregate_id)
}

fn key((tenant, id): Place) -> Key {
    Key::new(tenant, vec![Cell::Id(id.as_uuid())])
}

fn fault(error: &RowError) -> Fault {
    Fault {
        of_newer_build: matches!(error, RowError::Decode(DecodeError::FutureVersion { .. })),
        ..Fault::new(error)
    }
}

impl Folder for InlineFolder {
    fn take(&mut self, event: Arc<RecordedEvent>) -> Result<(), Fault> {
        self.taken.push(event);
        Ok(())
    }

    fn missing(&self) -> Result<Vec<Key>, Fault> {
        let places: HashSet<Place> = self.taken.iter().map(|event| place(event)).collect();
        let unknown = places
            .into_iter()
            .filter(|place| !self.rows.contains_key(place));
        Ok(unknown.map(key).collect())
    }

    fn loaded(&mut self, rows: Vec<Row>) -> Result<(), UnfitCell> {
        for stored in rows {
            let table = self.model.table;
            let (Some(Cell::Id(id)), Some(version)) =
                (stored.cells.first(), table.made_from(&stored.cells))
            else {
                return Err(UnfitCell::new("stream_version", "no version"));
            };
            let place = (stored.tenant, AggregateId::from_uuid(*id));
            self.bytes += stored.bytes();
            let build = table.made_by(&stored.cells);
            let mut row = (self.model.begin)();
            if let Some(cells) = table.visible(stored.cells) {
                row.begin(cells).map_err(|error| match error {
                    RowError::Cell(unfit) => unfit,
                    other => UnfitCell::new(table.name, other.to_string()),
                })?;
            }
            let changed = false;
            self.rows.insert(
                place,
                Kept {
                    row,
                    version,
                    changed,
                    build,
                },
            );
        }
        Ok(())
    }

    fn apply(&mut self) -> Result<(), Fault> {
        for event in mem::take(&mut self.taken) {
            self.apply_next(event)?;
        }
        // The others may be behind when their next event comes.
        self.rows.retain(|_, kept| kept.changed);
        Ok(())
    }

    fn size(&self) -> Size {
        Size {
            changed: self.changed.len(),
            kept: self.bytes + self.rows.len().saturating_mul(ROW),
        }
    }

    fn changed(&self) -> Result<Changed, Fault> {
        let (mut put, mut gone) = (Vec::with_capacity(self.changed.len()), Vec::new());
        for place in &self.changed {
            let Some(kept) = self.rows.get(place) else {
                continue;
            };
            let cells = kept.row.cells().map_err(|error| fault(&error))?;
            let key = key(*place);
            // There is no such stream.
            if kept.version == Version::NONE {
                gone.push(key);
                continue;
            }
            let table = self.model.table;
            put.push(table.stored_row(key, kept.version, cells, kept.build));
        }
        Ok(Changed {
            put,
            gone,
            ..Changed::default()
        })
    }

    fn written(&mut self) {
        self.rows.clear();
        self.changed.clear();
        self.bytes = 0;
    }

    fn forget(&mut self) {
        self.written();
        self.taken.clear();
    }

    fn stream_rows(&mut self) -> Option<&mut dyn StreamRows> {
        Some(self)
    }
}

impl StreamRows for InlineFolder {
    fn stream(&self, tenant: TenantId, id: AggregateId) -> StreamId {
        StreamId {
            tenant_id: tenant,
            aggregate_type: self.model.aggregate.clone(),
            aggregate_id: id,
        }
    }

    fn version(&self, stream: &StreamId) -> Option<Version> {
        let place = (stream.tenant_id, stream.aggregate_id);
        self.rows.get(&place).map(|kept| kept.version)
    }

    fn outdated(&self, own: i64) -> Vec<(StreamId, i64)> {
        let loaded = self.rows.iter().filter(|(_, kept)| !kept.changed);
        let outdated = loaded.filter(|(_, kept)| kept.build < own.max(1));
        let each = outdated.map(|((tenant, id), kept)| {
            let build = kept.build.saturating_abs().max(own);
            (self.stream(*tenant, *id), build)
        });
        each.collect()
    }

    fn begin_anew(&mut self, stream: &StreamId, build: i64) {
        let place = (stream.tenant_id, stream.aggregate_id);
        let begun = Kept {
            row: (self.model.begin)(),
            version: Version::NONE,
            changed: true,
            build,
        };
        let before = self.rows.insert(place, begun);
        if before.is_none_or(|before| !before.changed) {
            self.changed.push(place);
        }
    }

    fn apply_next(&mut self, event: Arc<RecordedEvent>) -> Result<(), Fault> {
        let (begin, place) = (&self.model.begin, place(&event));
        let kept = self.rows.entry(place).or_insert_with(|| Kept {
            row: begin(),
            version: Version::NONE,
            changed: false,
            build: FIRST_BUILD,
        });
        if event.version <= kept.version {
            return Ok(());
        }
        kept.version = event.version;
        if !mem::replace(&mut kept.changed, true) {
            self.changed.push(place);
        }
        self.bytes += event.payload.len();
        kept.row.apply_stored(event).map_err(|error| fault(&error))
    }
}
