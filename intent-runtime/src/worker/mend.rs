//! How a worker brings single rows of an inline model to the end of their streams, and tells a duplicate from a value that a row
//! had only for a while.

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
            Tables,
            inline::{Duplicate, stream_key},
        },
    },
    worker::{error::WorkerError, folder::Fault, runner::Runner},
};

/// How many duplicates of a page are looked into before the page is read again in parts.
const LOOKED_INTO: usize = 16;

/// The rows of an inline model that a worker has in memory: one for each stream.
pub(crate) trait StreamRows: Send + Sync {
    /// The stream that a row belongs to.
    fn stream(&self, tenant: TenantId, id: AggregateId) -> StreamId;

    /// Up to where the row of a stream is made, if it is in memory.
    fn version(&self, stream: &StreamId) -> Option<Version>;

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
            let Ok((put, _)) = self.folder.changed() else {
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
            match self.catch_up(tables, found.tenant, id).await? {
                Ok(moved) => advanced |= moved,
                Err(_) => return Ok(false),
            }
        }
        Ok(advanced)
    }

    /// Brings the row of a stream to the end of the stream. `false` if it is there.
    async fn catch_up(
        &mut self,
        tables: &dyn Tables,
        tenant: TenantId,
        id: AggregateId,
    ) -> Result<Result<bool, Fault>, WorkerError> {
        let Some(rows) = self.folder.stream_rows() else {
            return Ok(Ok(false));
        };
        let stream = rows.stream(tenant, id);
        if rows.version(&stream).is_none() {
            let stored = tables.load(self.build, &[stream_key(&stream)]).await?;
            self.folder.loaded(stored)?;
        }
        let Some(rows) = self.folder.stream_rows() else {
            return Ok(Ok(false));
        };
        let before = rows.version(&stream).unwrap_or(Version::NONE);
        let read = ReadStream {
            after: before,
            ..ReadStream::all(&stream)
        };
        let (skips, mut applied) = (&self.skips, Ok(()));
        let mut sink = |event: RecordedEvent| {
            if !skips.contains(&event.id) {
                applied = rows.apply_next(Arc::new(event));
            }
            match applied {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        };
        self.process.store.read_events(read, &mut sink).await?;
        let moved = rows.version(&stream) > Some(before);
        Ok(applied.map(|()| moved))
    }
}
