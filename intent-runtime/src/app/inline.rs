//! Inline read models of an app: their tables are there before the first command.

use uuid::Uuid;

use crate::{
    app::{App, workers::WorkerOptions},
    read_model::kind::ReadModelKind,
    record::cursor::Cursor,
    store::{
        error::StoreError,
        tables::{
            Claim, Tables,
            builds::{Build, BuildState, Publish},
        },
    },
    worker::heard,
};

impl App {
    /// Makes the tables of inline models, since commands write to them.
    ///
    /// # Errors
    /// [`StoreError::NoTables`] when the store keeps no rows; [`StoreError::TableDrift`] when a table is another one than its
    /// model's; and what else keeps the tables from being made.
    pub(super) async fn prepare_inline(&self) -> Result<(), StoreError> {
        let core = &self.tenant.core;
        let inline = core.read_models.iter().filter(|kind| kind.table.inline);
        if inline.clone().next().is_none() {
            return Ok(());
        }
        let tables = core.store.tables().ok_or(StoreError::NoTables)?;
        for kind in inline.clone() {
            tables.prepare(kind.table).await?;
        }
        // Where there are no events, the rows of all are there.
        if core.store.log_health().await?.end.get() > 0 {
            return Ok(());
        }
        for kind in inline {
            begin(tables, kind).await?;
        }
        Ok(())
    }
}

/// Notes that an inline model has all rows, unless its worker has begun.
async fn begin(tables: &dyn Tables, kind: &ReadModelKind) -> Result<(), StoreError> {
    let (owner, lasts) = (Uuid::now_v7(), WorkerOptions::LEASE);
    let build = Build::new(kind.table, 1);
    let builds = tables.builds(Some(kind.table)).await?;
    let has_begun = |build: &BuildState| build.published || build.cursor != Cursor::START;
    if builds.iter().any(has_begun) {
        return Ok(());
    }
    let workers = [build.worker()];
    let names = heard::text(&kind.selection());
    tables.hear(&workers[0], &names, None).await?;
    let claimed = tables.claim(Claim::new(&workers, owner, lasts)).await?;
    let Some((worker, lease)) = claimed.into_iter().next() else {
        return Ok(());
    };
    if lease.cursor == Cursor::START && !lease.published {
        let publish = Publish::new(build, lease, owner, Cursor::START);
        tables.publish(publish).await?;
    }
    tables.release(&worker, lease, owner).await
}
