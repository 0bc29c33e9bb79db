//! The front door: [`App`], its builder and its tenants.

pub(crate) mod acting;
pub(crate) mod append;
pub(crate) mod builder;
mod by_name;
pub(crate) mod check;
pub(crate) mod domain;
mod inline;
pub(crate) mod lookup;
pub(crate) mod models;
pub(crate) mod operate;
pub(crate) mod projection;
mod roles;
pub(crate) mod tenant;
pub(crate) mod transaction;
pub(crate) mod workers;

use std::{any::TypeId, fmt, ops::Deref, sync::Arc};

use tokio::sync::watch;

use crate::{
    app::{
        builder::{AppBuilder, Target},
        domain::Domain,
        lookup::LookBack,
        roles::Roles,
        tenant::Tenant,
    },
    by_name::ByName,
    dispatch::{self, cache::AggregateCache, inline::InlineModels},
    log::{filter::LogFilter, follow::Follow, subscription::Subscription},
    model::{aggregate::Aggregate, read_model::ReadModel},
    read_model::kind::ReadModelKind,
    record::{clock::Clock, cursor::Cursor, id::TenantId, timestamp::Timestamp},
    schema::catalogue::{self, Catalogue},
    store::{self, connect::IntoStore, error::StoreError, port::Store},
    transfer::{export::Export, import::Import},
    worker::{last_event, local::LocalWorkers},
};

/// A domain on a store. Cheap to clone.
///
/// Commands and loads go to the default tenant: an app derefs to its [`Tenant`], and [`App::tenant`] gives the same
/// interface for another one. The log, exports and imports on the app itself are those of all tenants.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App::connect("memory:", Domain::of::<Account>()).await?;
///
/// let id = Id::<Account>::new();
/// app.send(Open { id, owner: "Ada".into() }).await?;
/// app.send(Deposit { id, amount: 5 }).await?;
/// match app.send(Withdraw { id, amount: 7 }).await {
///     Err(SendError::Rejected(Overdrawn { balance })) => assert_eq!(balance, 5),
///     other => panic!("{other:?}"),
/// }
/// assert_eq!(app.load(id).await?.balance, 5);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct App {
    tenant: Tenant,
}

/// What all tenants' handles share.
#[derive(Clone)]
struct Core {
    store: Arc<dyn Store>,
    cache: Arc<AggregateCache>,
    catalogue: Arc<Catalogue>,
    by_name: Arc<ByName>,
    roles: Arc<Roles>,
    clock: Arc<dyn Clock>,
    read_models: Arc<[ReadModelKind]>,
    workers: Arc<LocalWorkers>,
    inline: Arc<InlineModels>,
    /// Tells the workers of this process that they were asked for something.
    asked: watch::Sender<()>,
}

impl App {
    /// How many bytes of aggregates are kept in memory, by estimate, unless [`AppBuilder::cache_bytes`] says otherwise:
    /// 64 MiB.
    pub const DEFAULT_CACHE_BYTES: u64 = dispatch::cache::DEFAULT_BYTES;

    /// Opens the store that `url` names, makes it ready for use, and puts `domain` on it. Await the result. Settings come
    /// before that.
    ///
    /// | url | store |
    /// |---|---|
    /// | `memory:` | in this process, for tests |
    /// | `sqlite:FILE`, with options such as `?mode=rw` | one file, created if missing (feature `sqlite`, on by default) |
    /// | `postgres://USER:PASSWORD@HOST/DATABASE` | the schema `intent` of a PostgreSQL database (feature `postgres`) |
    ///
    /// # Errors
    /// [`ConnectError::Domain`](crate::ConnectError::Domain) with all mistakes of the domain, before the store is touched;
    /// [`ConnectError::Store`](crate::ConnectError::Store) with [`StoreError::UnknownUrl`] for another URL, or whatever keeps the store from opening.
    pub fn connect(url: &str, domain: Domain) -> AppBuilder {
        AppBuilder::new(Target::Url(url.to_owned()), domain, None)
    }

    /// Makes or migrates the tables of the store that `url` names, and closes it again. It is for an operator or a step of a
    /// deployment, as a role that may create tables. The app itself can then run as a role that may not.
    ///
    /// # Errors
    /// Whatever keeps the store from opening; [`StoreError::NotMigrated`] when the role may not make the tables.
    ///
    /// ```
    /// # async fn run() -> Result<(), intent_runtime::StoreError> {
    /// intent_runtime::App::migrate("sqlite:bank.db").await?;
    /// # Ok(()) }
    /// ```
    pub async fn migrate(url: &str) -> Result<(), StoreError> {
        store::migrate(url).await
    }

    /// Puts `domain` on a store that is open already: one of your own, or that of another app. The new app has the clock of
    /// that app, unless [`clock`](AppBuilder::clock) sets another. Await the result.
    ///
    /// # Errors
    /// [`ConnectError::Domain`](crate::ConnectError::Domain) with all mistakes of the domain.
    pub fn on(store: impl IntoStore, domain: Domain) -> AppBuilder {
        let clock = store.clock();
        AppBuilder::new(Target::Store(store.into_store()), domain, clock)
    }

    /// The same app for one tenant.
    pub fn tenant(&self, id: TenantId) -> Tenant {
        self.tenant.of(id)
    }

    /// What the domain consists of.
    pub fn catalogue(&self) -> &Catalogue {
        &self.tenant.core.catalogue
    }

    /// The log of all tenants, from its start on, and then as it grows. [`Tenant::subscribe`] gives that of one.
    pub fn subscribe(&self, filter: LogFilter) -> Subscription {
        self.tenant.core.subscribe(None, &filter)
    }

    /// The events of one type of aggregate in all tenants, in today's shape, from the start of the log on, and then as they
    /// are stored. [`Tenant::follow`] gives those of one tenant.
    pub fn follow<A: Aggregate>(&self) -> Follow<A> {
        self.tenant.core.follow(None)
    }

    /// Searches the events of all tenants from the end of the log backwards. [`Tenant::look_back`] searches those of one.
    pub fn look_back(&self, filter: LogFilter) -> LookBack {
        LookBack::new(self.tenant.clone(), None, filter)
    }

    /// The cursor at which the log of all tenants stood at a time, by the store's clock. [`Tenant::cursor_at`] is that of one
    /// tenant.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn cursor_at(&self, time: Timestamp) -> Result<Cursor, StoreError> {
        self.store().cursor_at(None, time).await
    }

    /// The end of the log of all tenants: the cursor after the last event that can be seen now. [`Tenant::log_end`] is that of one
    /// tenant. Give it to [`wait_for`](Tenant::wait_for) to wait until a read model has all that is stored:
    ///
    /// ```
    /// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
    /// # use account::*;
    /// # use intent_runtime::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(ReadModel, Debug, Clone)]
    /// # #[read_model(created_by(Opened), events())]
    /// # struct Balance { #[key] account: Id<Account>, #[on(Opened = |e| e.owner.clone())] owner: String }
    /// # async fn wait(app: &App) -> Result<(), Box<dyn std::error::Error>> {
    /// app.wait_for::<Balance>(app.log_end().await?, Duration::from_secs(10)).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the store fails, or its role may not read the log of all tenants.
    pub async fn log_end(&self) -> Result<Cursor, StoreError> {
        last_event(self.store(), None).await
    }

    /// Writes the events of all tenants as text: whole streams, as they are stored. [`Tenant::export`] writes those of one.
    pub fn export(&self) -> Export<'_> {
        Export::new(self.store())
    }

    /// Stores exported events, each under the tenant it was recorded under. [`Tenant::import`] stores them under one.
    pub fn import(&self) -> Import<'_> {
        Import::new(self.store())
    }

    /// The store, for what the app does not offer.
    pub fn store(&self) -> &dyn Store {
        &*self.tenant.core.store
    }

    /// Waits until the store has written everything that it was given and no transaction is open. Then closes the store for
    /// every clone of this app. If you drop an app instead, nothing that was acknowledged is lost.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be closed in good order.
    pub async fn close(self) -> Result<(), StoreError> {
        self.store().close().await
    }
}

impl Core {
    fn read_model<M: ReadModel>(&self) -> Option<&ReadModelKind> {
        let of = TypeId::of::<M>();
        self.read_models.iter().find(|kind| kind.type_id == of)
    }

    fn subscribe(&self, tenant: Option<TenantId>, filter: &LogFilter) -> Subscription {
        Subscription::in_domain(Arc::clone(&self.store), tenant, filter, &self.catalogue)
    }

    fn follow<A: Aggregate>(&self, tenant: Option<TenantId>) -> Follow<A> {
        let missing = !self.catalogue.has_aggregate::<A>();
        let missing = missing.then(catalogue::aggregate_call::<A>);
        let log = self.subscribe(tenant, &LogFilter::all().aggregate::<A>());
        Follow::new(log, missing)
    }
}

impl Deref for App {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        &self.tenant
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("store", &self.core.store)
            .field("catalogue", &self.core.catalogue)
            .finish()
    }
}
