//! What an operator asks of the workers of read models, in whatever process they run.

use std::{fmt, future::IntoFuture, pin::Pin};

use crate::{
    app::App,
    model::read_model::ReadModel,
    read_model::error::OperateError,
    record::id::EventId,
    store::{
        error::StoreError,
        tables::{Table, Tables, builds::SkipEvent},
    },
};

impl App {
    /// Builds the rows of a read model anew, from the start of the log, and returns the number of the build. Workers of any process
    /// do it. Until it is done, the rows that are there are kept in step and read. Then, in one transaction, the new rows take
    /// their place. A build that is not done yet is given up, since its rules may be older.
    ///
    /// The rows of an inline model are made anew in place, one after the other. Commands go on meanwhile, and each writes its row by the
    /// rules of its process.
    ///
    /// It is for rules that were changed or corrected without a new version. So call it when no process runs the old rules any
    /// more. [`settled`](Self::settled) also waits for builds.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn rebuild<M: ReadModel>(&self) -> Result<u32, OperateError> {
        let table = self.table_of::<M>()?;
        let number = self.operated(table).await?.rebuild(table).await?;
        self.ask();
        Ok(number)
    }

    /// Lets the workers of a read model stand still, in whatever process they run. When this returns, none of them writes rows any
    /// more. They stand still until [`resume`](Self::resume), also after a restart.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn pause<M: ReadModel>(&self) -> Result<(), OperateError> {
        self.set_paused(self.table_of::<M>()?, true).await
    }

    /// Lets the workers of a read model go on after a [`pause`](Self::pause). They also try again what holds tenants back, as they
    /// do when they start.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn resume<M: ReadModel>(&self) -> Result<(), OperateError> {
        self.set_paused(self.table_of::<M>()?, false).await
    }

    pub(super) async fn set_paused(
        &self,
        table: &'static Table,
        paused: bool,
    ) -> Result<(), OperateError> {
        self.operated(table).await?.pause(table, paused).await?;
        self.ask();
        Ok(())
    }

    /// Leaves out an event that holds back a tenant in a read model, for a reason that is kept. The tenant goes on behind it. Every
    /// later build of this version leaves it out too, so that the rows equal those of a rebuild. A new version tries the event
    /// again. Await the result, or first say [who](SkipRequest::by) leaves it out.
    ///
    /// # Errors
    /// [`OperateError::NotHeldBack`] if the event holds back no tenant, and others of [`OperateError`].
    pub fn skip<M: ReadModel>(&self, event: EventId, why: impl Into<String>) -> SkipRequest {
        SkipRequest::new(self, self.table_of::<M>(), event, why.into())
    }

    fn table_of<M: ReadModel>(&self) -> Result<&'static Table, OperateError> {
        let kind = self.tenant.core.read_model::<M>();
        let model = M::TABLE;
        kind.map(|kind| kind.table)
            .ok_or(OperateError::NotRegistered { model })
    }

    /// The tables, after the first build of one is noted.
    async fn operated(&self, table: &'static Table) -> Result<&dyn Tables, StoreError> {
        let tables = self.tenant.core.store.tables();
        let tables = tables.ok_or(StoreError::NoTables)?;
        tables.enlist(table).await?;
        Ok(tables)
    }

    /// Lets the workers of this process look at once. Those of others look soon.
    fn ask(&self) {
        self.tenant.core.asked.send_replace(());
    }
}

/// An event that is about to be left out: [`App::skip`] and [`ProjectionHandle::skip`](crate::ProjectionHandle::skip). Await it.
#[must_use = "nothing is left out until this is awaited"]
pub struct SkipRequest {
    app: App,
    table: Result<&'static Table, OperateError>,
    event: EventId,
    why: String,
    by: Option<String>,
}

type SkipFuture = Pin<Box<dyn Future<Output = Result<(), OperateError>> + Send>>;

impl SkipRequest {
    pub(super) fn new(
        app: &App,
        table: Result<&'static Table, OperateError>,
        event: EventId,
        why: String,
    ) -> Self {
        Self {
            app: app.clone(),
            table,
            event,
            why,
            by: None,
        }
    }

    /// Keeps who leaves the event out.
    pub fn by(self, who: impl Into<String>) -> Self {
        let by = Some(who.into());
        Self { by, ..self }
    }

    async fn send(self) -> Result<(), OperateError> {
        let table = self.table?;
        let skip = SkipEvent::new(self.event, &self.why, self.by.as_deref());
        let is_held_back = self.app.operated(table).await?.skip(table, skip).await?;
        self.app.ask();
        match is_held_back {
            true => Ok(()),
            false => Err(OperateError::NotHeldBack {
                model: table.name,
                event: self.event,
            }),
        }
    }
}

impl IntoFuture for SkipRequest {
    type Output = Result<(), OperateError>;
    type IntoFuture = SkipFuture;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl fmt::Debug for SkipRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SkipRequest")
            .field("event", &self.event)
            .field("why", &self.why)
            .field("by", &self.by)
            .finish_non_exhaustive()
    }
}
