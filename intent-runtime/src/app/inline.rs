//! Inline read models of an app: their tables are there before the first command.

use std::time::Duration;

use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    app::{App, builder::ConnectError},
    read_model::kind::ReadModelKind,
    record::cursor::Cursor,
    store::{
        error::StoreError,
        tables::{
            Claim, Tables,
            builds::{Build, BuildState, Publish},
        },
    },
    worker::{check, error::WorkerError, heard},
};

impl App {
    /// Makes the tables of inline models, since commands write to them.
    ///
    /// # Errors
    /// [`StoreError::NoTables`] when the store keeps no rows, and what else keeps the tables from being made;
    /// [`ConnectError::Rows`] when a table is another one than its model's, or has rows that are made of other events.
    pub(super) async fn prepare_inline(&self) -> Result<(), ConnectError> {
        let core = &self.tenant.core;
        let inline = core.read_models.iter().filter(|kind| kind.table.inline);
        if inline.clone().next().is_none() {
            return Ok(());
        }
        let tables = core.store.tables().ok_or(StoreError::NoTables)?;
        for kind in inline.clone() {
            tables.prepare(kind.table).await?;
            let builds = tables.builds(Some(kind.table)).await?;
            let read = builds.iter().find(|build| build.published);
            let build = Build::new(kind.table, read.map_or(1, |build| build.number));
            let ready = async {
                check::table(tables, build).await?;
                heard::note(&core.store, tables, build, &kind.selection()).await
            };
            ready.await.map_err(|error| match error {
                WorkerError::Store(error) => ConnectError::Store(error),
                other => ConnectError::Rows {
                    model: kind.table.name,
                    what: other.to_string(),
                },
            })?;
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

/// How long the lease lasts under which an empty table is published. It is short, so that after a crash another process need not
/// wait long.
const LEASE: Duration = Duration::from_secs(2);
/// How often another process looks while it lasts.
const TRIES: u32 = 20;

/// Notes that an inline model has all rows, unless its worker has begun.
async fn begin(tables: &dyn Tables, kind: &ReadModelKind) -> Result<(), StoreError> {
    let owner = Uuid::now_v7();
    let build = Build::new(kind.table, 1);
    let workers = [build.worker()];
    let mut tries = 0;
    let (worker, lease) = loop {
        let builds = tables.builds(Some(kind.table)).await?;
        let has_begun = |build: &BuildState| build.published || build.cursor != Cursor::START;
        if builds.iter().any(has_begun) {
            return Ok(());
        }
        let claimed = tables.claim(Claim::new(&workers, owner, LEASE)).await?;
        tries += 1;
        match claimed.into_iter().next() {
            Some(claimed) => break claimed,
            // A worker that holds the lease publishes the rows itself.
            None if tries > TRIES => return Ok(()),
            // Another process does the same, or has crashed while it did.
            None => sleep(LEASE / TRIES).await,
        }
    };
    if lease.cursor == Cursor::START && !lease.published {
        let publish = Publish::new(build, lease, owner, Cursor::START);
        tables.publish(publish).await?;
    }
    tables.release(&worker, lease, owner).await
}
