//! How a worker makes single rows of an inline model from their streams: it makes rows anew in a rebuild, and it tells a duplicate
//! from a value that a row had only for a while.

use std::{ops::ControlFlow, sync::Arc};

use crate::{
    record::{
        event::RecordedEvent,
        id::{AggregateId, TenantId},
        stream::StreamId,
        version::Version,
    },
    store::{
        ReadStream,
        tables::{
            Key, Tables,
            inline::{Duplicate, stream_key},
        },
    },
    worker::{
        error::WorkerError,
        folder::{Changed, Fault},
        runner::Runner,
        work::Work,
        write::INLINE_AT_ONCE,
    },
};

/// How many duplicates of a page are looked into before the page is read again in parts.
const LOOKED_INTO: usize = 16;

/// The rows of an inline model that a worker has in memory: one for each stream.
pub(crate) trait StreamRows: Send + Sync {
    /// The stream that a row belongs to.
    fn stream(&self, tenant: TenantId, id: AggregateId) -> StreamId;

    /// Up to where the row of a stream is made, if it is in memory.
    fn version(&self, stream: &StreamId) -> Option<Version>;

    /// The rows that were loaded and are to be made anew: those that are marked, and those that a build before `own` made. Each with the
    /// build that makes it.
    fn outdated(&self, own: i64) -> Vec<(StreamId, i64)>;

    /// Begins the row of a stream anew, as one that this build makes.
    fn begin_anew(&mut self, stream: &StreamId, build: i64);

    /// Applies an event to the row of its stream, unless the row has it.
    ///
    /// # Errors
    /// Why it cannot be applied. Then all rows are to be forgotten.
    fn apply_next(&mut self, event: Arc<RecordedEvent>) -> Result<(), Fault>;
}

impl Runner {
    /// Finds rows that cannot be written beside each other. The inner error names them.
    pub(super) async fn without_duplicates(
        &mut self,
        tables: &dyn Tables,
        careful: bool,
    ) -> Result<Result<(), Fault>, WorkerError> {
        let table = self.build.table;
        if table.unique().next().is_none() || self.folder.size().changed == 0 {
            return Ok(Ok(()));
        }
        let mut looked_into = 0;
        loop {
            // What cannot be written is told when it is.
            let Ok(Changed { put, .. }) = self.folder.changed() else {
                return Ok(Ok(()));
            };
            let found = match Duplicate::among(table, &put) {
                Some(found) => Some(found),
                None => tables.duplicate(table, &put).await?,
            };
            let Some(found) = found else {
                return Ok(Ok(()));
            };
            // The worker sees events that are past: one of the two may have another value by now.
            looked_into += 1;
            let gives_up = !careful && looked_into > LOOKED_INTO;
            if gives_up || !self.advance(tables, &found).await? {
                return Ok(Err(Fault::said(found.to_string())));
            }
        }
    }

    /// Brings two rows to the end of their streams. `false` if they are there already, or an event cannot be applied.
    async fn advance(
        &mut self,
        tables: &dyn Tables,
        found: &Duplicate,
    ) -> Result<bool, WorkerError> {
        let mut advanced = false;
        for id in [found.row, found.other] {
            let Some(rows) = self.folder.stream_rows() else {
                return Ok(false);
            };
            let stream = rows.stream(found.tenant, id);
            if rows.version(&stream).is_none() {
                let stored = tables.load(self.build, &[stream_key(&stream)]).await?;
                self.folder.loaded(stored)?;
                match self.make_anew(tables).await? {
                    Ok(count) => advanced |= count > 0,
                    Err(_) => return Ok(false),
                }
            }
            match self.catch_up(&stream).await? {
                Ok(moved) => advanced |= moved,
                Err(_) => return Ok(false),
            }
        }
        Ok(advanced)
    }

    /// Folds those of the loaded rows from the start of their streams that are to be made anew, and returns how many. A rebuild does so
    /// with all rows that an earlier build made.
    pub(super) async fn make_anew(
        &mut self,
        tables: &dyn Tables,
    ) -> Result<Result<usize, Fault>, WorkerError> {
        let rebuilds = self.build.number > 1 && !self.published;
        let own = if rebuilds { self.build.number } else { 0 };
        let outdated = match self.folder.stream_rows() {
            Some(rows) => rows.outdated(i64::from(own)),
            None => Vec::new(),
        };
        for streams in outdated.chunks(INLINE_AT_ONCE) {
            if rebuilds {
                let keys: Vec<Key> = streams.iter().map(|(it, _)| stream_key(it)).collect();
                tables.mark(self.build, &keys).await?;
            }
            for (stream, build) in streams {
                if let Some(rows) = self.folder.stream_rows() {
                    rows.begin_anew(stream, *build);
                }
                if let Err(fault) = self.catch_up(stream).await? {
                    return Ok(Err(fault));
                }
            }
        }
        Ok(Ok(outdated.len()))
    }

    /// Brings the row of a stream to the end of the stream. `false` if it is there.
    async fn catch_up(&mut self, stream: &StreamId) -> Result<Result<bool, Fault>, WorkerError> {
        let Some(rows) = self.folder.stream_rows() else {
            return Ok(Ok(false));
        };
        let before = rows.version(stream).unwrap_or(Version::NONE);
        let read = ReadStream {
            after: before,
            ..ReadStream::all(stream)
        };
        let (skips, mut applied) = (&self.skips, Ok(()));
        let mut sink = |event: RecordedEvent| {
            let id = event.id;
            if !skips.contains(&id) {
                let next = rows.apply_next(Arc::new(event));
                applied = next.map_err(|fault| Fault {
                    culprit: Some(id),
                    ..fault
                });
            }
            match applied {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        };
        self.process.store.read_events(read, &mut sink).await?;
        let moved = rows.version(stream) > Some(before);
        Ok(applied.map(|()| moved))
    }

    /// Makes the rows anew that no event led to, before a rebuild is published: those of streams that are gone, and of streams
    /// without an event that the model hears. `false` if the lease is lost.
    pub(super) async fn sweep(
        &mut self,
        tables: &dyn Tables,
        work: &mut Work,
    ) -> Result<bool, WorkerError> {
        if work.swept || !self.build.table.inline || self.build.number == 1 {
            return Ok(true);
        }
        let mut after = None;
        loop {
            let limit = u32::try_from(INLINE_AT_ONCE).unwrap_or(u32::MAX);
            let mut keys = tables.earlier(self.build, after.as_ref(), limit).await?;
            let is_last = keys.len() < INLINE_AT_ONCE;
            after = keys.last().cloned();
            keys.retain(|key| !self.parked.contains(&key.tenant));
            if !keys.is_empty() {
                let rows = tables.load(self.build, &keys).await?;
                self.folder.loaded(rows)?;
                let made = self.make_anew(tables).await?;
                let made = match made {
                    Ok(_) => self.without_duplicates(tables, true).await?,
                    Err(fault) => Err(fault),
                };
                let changed = made.and_then(|()| self.folder.changed());
                let changed = changed.map_err(WorkerError::unmade)?;
                let written = self.write(tables, work, &changed).await?;
                self.folder.forget();
                if !written {
                    return Ok(false);
                }
                work.wrote();
            }
            if is_last {
                work.swept = true;
                return Ok(true);
            }
        }
    }
}
