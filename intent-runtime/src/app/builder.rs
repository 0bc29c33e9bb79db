//! [`AppBuilder`]: an app before it is opened.

use std::{fmt, future::IntoFuture, pin::Pin, sync::Arc};

use tokio::sync::watch;

use crate::{
    app::{App, Core, domain::Domain, tenant::Tenant},
    dispatch::cache::AggregateCache,
    model::projection::Projection,
    record::{
        clock::{Clock, SystemClock},
        id::TenantId,
    },
    schema::catalogue::mistake::DomainError,
    store::{self, connect::IntoStore, error::StoreError, port::Store},
};

/// An app that is about to be opened, by [`App::connect`] or [`App::on`]. Await it.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::{prelude::*, testing::FixedClock};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = FixedClock::at("2026-03-01T09:00:00Z".parse()?);
/// let app = App::connect("memory:", Domain::of::<Account>())
///     .clock(clock)
///     .cache_bytes(0)
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "an app is opened when its builder is awaited"]
pub struct AppBuilder {
    target: Target,
    domain: Domain,
    cache_bytes: u64,
    clock: Arc<dyn Clock>,
}

pub(super) enum Target {
    Url(String),
    Store(Arc<dyn Store>),
}

/// Why an app could not be opened. Nothing was changed, except that a store may have been made ready for use.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The domain has mistakes; the store was not touched. Handling: mend the domain.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// The store cannot be opened. Handling: as its error says.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Commands cannot write the rows of an inline model: its table is another one, or its rows are made of other events. Handling:
    /// run the statements that the text names, or give the model a new version.
    #[error("commands cannot write the rows of `{model}`: {what}")]
    Rows {
        /// The name of its table.
        model: &'static str,
        /// What differs, and what mends it.
        what: String,
    },
}

crate::record::sentence::debug!(ConnectError);

impl IntoStore for &App {
    fn into_store(self) -> Arc<dyn Store> {
        Arc::clone(&self.tenant.core.store)
    }

    fn clock(&self) -> Option<Arc<dyn Clock>> {
        Some(Arc::clone(&self.tenant.core.clock))
    }
}

impl AppBuilder {
    pub(super) fn new(target: Target, domain: Domain, clock: Option<Arc<dyn Clock>>) -> Self {
        Self {
            target,
            domain,
            cache_bytes: App::DEFAULT_CACHE_BYTES,
            clock: clock.unwrap_or_else(|| Arc::new(SystemClock)),
        }
    }

    /// Keeps recently used aggregates in memory up to `bytes`, by estimate: 64 MiB unless set, none with 0. The cache makes
    /// commands faster and changes nothing else.
    pub fn cache_bytes(mut self, bytes: u64) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// The clock that decisions see. The store of `memory:` takes its times from it too. Other stores record by the clock of
    /// their database. A [`MemoryStore`](crate::store::MemoryStore) of your own gets its clock from
    /// [`with_clock`](crate::store::MemoryStore::with_clock).
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Adds a [`Projection`], with what it works with, such as a client of another system. [`App::start`] starts its worker.
    pub fn projection(mut self, projection: impl Projection) -> Self {
        self.domain = self.domain.projection(projection);
        self
    }

    async fn open(self) -> Result<App, ConnectError> {
        let parts = self.domain.into_parts()?;
        let store = match self.target {
            Target::Url(url) => store::connect::connect(&url, &self.clock).await?,
            Target::Store(store) => store,
        };
        let app = App {
            tenant: Tenant {
                id: TenantId::DEFAULT,
                core: Core {
                    store,
                    cache: Arc::new(AggregateCache::new(self.cache_bytes)),
                    catalogue: Arc::new(parts.catalogue),
                    by_name: Arc::new(parts.by_name),
                    roles: Arc::new(parts.roles),
                    clock: self.clock,
                    read_models: parts.read_models,
                    workers: Arc::default(),
                    inline: parts.inline,
                    asked: watch::Sender::new(()),
                },
            },
        };
        app.prepare_inline().await?;
        Ok(app)
    }
}

impl IntoFuture for AppBuilder {
    type Output = Result<App, ConnectError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.open())
    }
}

impl fmt::Debug for AppBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A URL may hold a password.
        f.debug_struct("AppBuilder")
            .field("domain", &self.domain)
            .field("cache_bytes", &self.cache_bytes)
            .finish_non_exhaustive()
    }
}
