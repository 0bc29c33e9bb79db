//! What is asked of projections: [`App::projection`].

use std::{any::TypeId, fmt, marker::PhantomData, time::Duration};

use tokio::time::Instant;

use crate::{
    app::{App, Core, operate::SkipRequest, tenant::Tenant},
    model::projection::Projection,
    read_model::{
        error::{OperateError, WaitError},
        kind::ReadModelKind,
    },
    record::{cursor::Cursor, id::EventId},
};

/// What an operator asks of the workers of a projection, in whatever process they run: [`App::projection`].
pub struct ProjectionHandle<P> {
    app: App,
    projection: PhantomData<fn() -> P>,
}

impl App {
    /// What an operator asks of the workers of a projection. How far they are is in [`models`](Self::models).
    pub fn projection<P: Projection>(&self) -> ProjectionHandle<P> {
        ProjectionHandle {
            app: self.clone(),
            projection: PhantomData,
        }
    }
}

impl<P: Projection> ProjectionHandle<P> {
    /// Lets the workers of the projection stand still, in whatever process they run. When this returns, none of them moves the
    /// checkpoint any more. They stand still until [`resume`](Self::resume), also after a restart.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn pause(&self) -> Result<(), OperateError> {
        self.app.set_paused(self.kind()?.table, true).await
    }

    /// Lets the workers go on after a [`pause`](Self::pause). They also try again what holds tenants back, as they do when they
    /// start.
    ///
    /// # Errors
    /// [`OperateError`].
    pub async fn resume(&self) -> Result<(), OperateError> {
        self.app.set_paused(self.kind()?.table, false).await
    }

    /// Leaves out an event that holds back a tenant, for a reason that is kept. The tenant goes on behind it. Await the result, or
    /// first say [who](SkipRequest::by) leaves it out.
    ///
    /// # Errors
    /// [`OperateError::NotHeldBack`] if the event holds back no tenant, and others of [`OperateError`].
    pub fn skip(&self, event: EventId, why: impl Into<String>) -> SkipRequest {
        let table = self.kind().map(|kind| kind.table);
        SkipRequest::new(&self.app, table, event, why.into())
    }

    fn kind(&self) -> Result<&ReadModelKind, OperateError> {
        let kind = self.app.tenant.core.projection::<P>();
        kind.ok_or(OperateError::NoProjection { name: P::NAME })
    }
}

impl<P: Projection> fmt::Debug for ProjectionHandle<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProjectionHandle")
            .field("name", &P::NAME)
            .finish_non_exhaustive()
    }
}

impl Tenant {
    /// Waits until a projection has seen what a command stored, at most for so long: give it the command's receipt, or a cursor.
    ///
    /// # Errors
    /// [`WaitError`] names what holds it up.
    pub async fn wait_for_projection<P: Projection>(
        &self,
        stored: impl Into<Option<Cursor>>,
        within: Duration,
    ) -> Result<(), WaitError> {
        let until = Instant::now() + within;
        let Some(cursor) = stored.into() else {
            return Ok(());
        };
        let kind = self.core.projection::<P>();
        let kind = kind.ok_or(WaitError::NoProjection { name: P::NAME })?;
        self.reaches(kind, Some(self.id), cursor, until).await
    }
}

impl Core {
    fn projection<P: Projection>(&self) -> Option<&ReadModelKind> {
        let of = TypeId::of::<P>();
        self.read_models.iter().find(|kind| kind.type_id == of)
    }
}
