//! The rows of inline read models, beside the state of their aggregate: loaded at the version that the decision saw, and carried by
//! the append.

use std::{any::TypeId, collections::HashMap, error::Error, fmt, ops::ControlFlow, sync::Arc};

use crate::{
    dispatch::{attempt::Sending, error::SendError},
    model::{
        aggregate::Aggregate,
        event::AggregateEvent as _,
        read_model::inline::{FoldRow, RowError},
    },
    record::{
        event::{NewEvent, RecordedEvent},
        id::EventId,
        metadata::EncodedMetadata,
        stream::{AggregateType, StreamId},
        timestamp::Timestamp,
        version::{Position, Version},
    },
    store::{
        ReadStream,
        error::StoreError,
        port::Streams,
        tables::{
            Table,
            inline::{FIRST_BUILD, InlineRow, stream_key},
        },
    },
};

/// An inline model, without its type.
#[derive(Clone)]
pub(crate) struct InlineModel {
    pub(crate) table: &'static Table,
    /// The type of the aggregate that the rows belong to.
    pub(crate) aggregate: AggregateType,
    pub(crate) begin: Arc<dyn Fn() -> Box<dyn FoldRow> + Send + Sync>,
}

/// The inline models of a domain, by the types of their aggregates.
#[derive(Debug, Default)]
pub(crate) struct InlineModels(HashMap<TypeId, Vec<InlineModel>>);

/// The rows of one stream at the version of the state that they are kept beside.
pub(crate) struct Rows {
    rows: Vec<KnownRow>,
    /// How many bytes their cells have.
    pub(super) bytes: usize,
}

/// A row, and the build that it goes on from.
struct KnownRow {
    table: &'static Table,
    row: Box<dyn FoldRow>,
    build: i64,
}

/// Why rows could not be made.
pub(super) enum Unmade<E> {
    /// A row stands at this version, beyond the one that the decision saw.
    Ahead(Version),
    Failed(SendError<E>),
}

impl<E> From<StoreError> for Unmade<E> {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl InlineModels {
    pub(crate) fn add(&mut self, aggregate: TypeId, model: InlineModel) {
        let models = self.0.entry(aggregate).or_default();
        models.push(model);
        // Of several values that are taken, stores name the first: the same whatever order the models were registered in.
        models.sort_by_key(|model| model.table.name);
    }

    /// Those of an aggregate.
    pub(crate) fn of<A: Aggregate>(&self) -> &[InlineModel] {
        self.0.get(&TypeId::of::<A>()).map_or(&[], Vec::as_slice)
    }
}

impl<A: Aggregate, E: Error + 'static> Sending<'_, A, E> {
    /// The rows after events, to be appended with them. `kept` has the rows before, if they are known, and then those after.
    pub(super) async fn rows(
        &self,
        kept: &mut Option<Rows>,
        seen: Version,
        events: &[A::Event],
        metadata: &EncodedMetadata,
        payloads: &[NewEvent],
    ) -> Result<Vec<InlineRow>, Unmade<E>> {
        if self.inline.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = match kept.take() {
            Some(rows) => rows,
            None => Box::pin(self.load_rows(seen)).await?,
        };
        let mut version = seen;
        for (index, (event, stored)) in (0..).zip(events.iter().zip(payloads)) {
            version = version.next();
            let id = EventId::of(self.context.command_id(), index);
            let source = emitted(&self.stream, id, version, event.name(), stored, metadata);
            let source = Arc::new(source);
            for known in &mut rows.rows {
                let applied = known.row.apply(event, &source);
                applied.map_err(|error| self.no_row(known.table, error))?;
            }
        }
        let carried = rows.rows.iter().map(|KnownRow { table, row, build }| {
            let cells = row.cells().map_err(|error| self.no_row(table, error))?;
            Ok(InlineRow::new(table, &self.stream, version, cells).made_by(*build))
        });
        let carried = carried.collect::<Result<Vec<_>, Unmade<E>>>()?;
        rows.bytes = carried.iter().map(InlineRow::bytes).sum();
        *kept = Some(rows);
        Ok(carried)
    }

    /// The rows as the events up to a version make them.
    async fn load_rows(&self, seen: Version) -> Result<Rows, Unmade<E>> {
        let mut rows = Vec::with_capacity(self.inline.len());
        for model in self.inline {
            let row = load_row(self.streams, model, &self.stream, seen).await;
            let (row, build) = row.map_err(|error| match error {
                NotLoaded::Ahead(version) => Unmade::Ahead(version),
                NotLoaded::Store(error) => error.into(),
                NotLoaded::Row(error) => self.no_row(model.table, error),
            })?;
            let table = model.table;
            rows.push(KnownRow { table, row, build });
        }
        Ok(Rows { rows, bytes: 0 })
    }

    fn no_row(&self, table: &Table, source: RowError) -> Unmade<E> {
        Unmade::Failed(SendError::Row {
            stream: self.stream.clone(),
            model: table.name,
            source: Box::new(source),
        })
    }
}

/// Why a row could not be loaded.
pub(crate) enum NotLoaded {
    /// It stands at this version, beyond the one asked for.
    Ahead(Version),
    Store(StoreError),
    Row(RowError),
}

/// The row of a stream as the events up to a version make it, and the build that it goes on from: the row that is stored, with the
/// events that it lacks. One that is to be made anew is made of all events.
async fn load_row(
    streams: &dyn Streams,
    model: &InlineModel,
    stream: &StreamId,
    to: Version,
) -> Result<(Box<dyn FoldRow>, i64), NotLoaded> {
    let (mut row, mut build) = ((model.begin)(), FIRST_BUILD);
    if to == Version::NONE {
        return Ok((row, build));
    }
    let table = model.table;
    let keys = [stream_key(stream)];
    let found = streams.load_rows(table, &keys).await;
    let mut after = Version::NONE;
    if let Some(stored) = found.map_err(NotLoaded::Store)?.into_iter().next() {
        after = table.made_from(&stored.cells).unwrap_or(Version::NONE);
        if after > to {
            return Err(NotLoaded::Ahead(after));
        }
        build = table.made_by(&stored.cells);
        if build < 0 {
            build = build.saturating_abs();
            after = Version::NONE;
        } else if let Some(cells) = table.visible(stored.cells) {
            row.begin(cells).map_err(NotLoaded::Row)?;
        }
    }
    if after < to {
        let read = ReadStream {
            after,
            to,
            ..ReadStream::all(stream)
        };
        let mut applied = Ok(());
        let mut sink = |event: RecordedEvent| {
            applied = row.apply_stored(Arc::new(event));
            match applied {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        };
        let read = streams.read_events(read, &mut sink).await;
        read.map_err(NotLoaded::Store)?;
        applied.map_err(NotLoaded::Row)?;
    }
    Ok((row, build))
}

/// An event as it will be stored, but for its place and the store's clock. Nobody sees its payload.
fn emitted(
    stream: &StreamId,
    id: EventId,
    version: Version,
    name: &'static str,
    event: &NewEvent,
    metadata: &EncodedMetadata,
) -> RecordedEvent {
    let occurred_at = metadata.timestamp.unwrap_or(Timestamp::MIN);
    RecordedEvent::new(
        Position::default(),
        id,
        stream.clone(),
        version,
        name,
        event.schema_version,
        String::new(),
        metadata.clone().into(),
        occurred_at,
        occurred_at,
    )
}

impl fmt::Debug for InlineModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InlineModel")
            .field("table", &self.table.name)
            .finish_non_exhaustive()
    }
}
