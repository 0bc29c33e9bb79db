//! [`App`]: the front door.

use std::{fmt, ops::Deref, sync::Arc};

use tracing::Instrument;

use crate::{
    Aggregate, AsOf, Catalogue, Command, Export, Id, Import, LoadError, Loaded, LogFilter, Receipt,
    Recorded, Refusal, RegisterError, SendError, SendOptions, Snapshot, SnapshotCodec, Store,
    StoreError, StreamId, Subscription, TenantId, Version, catalogue,
    dispatch::{self, AggregateCache},
    telemetry,
};

/// A domain on a store: the aggregates that are registered, and where their events are kept. Cheap to clone.
///
/// It derefs to the [`Tenant`] of whoever names none, so `app.send(..)` needs no tenant; [`App::tenant`] gives the
/// same interface for another one.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App::connect("memory:").await?.register::<Account>()?;
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

/// One tenant's view of an [`App`]: nothing done through it reads, changes or learns of another tenant's data.
#[derive(Clone)]
pub struct Tenant {
    id: TenantId,
    core: Core,
}

#[derive(Clone)]
struct Core {
    store: Arc<dyn Store>,
    cache: Arc<AggregateCache>,
    catalogue: Arc<Catalogue>,
}

impl App {
    /// How many bytes of aggregates are kept in memory, by estimate, unless [`cache_bytes`](Self::cache_bytes) says
    /// otherwise: 64 MiB.
    pub const DEFAULT_CACHE_BYTES: u64 = dispatch::DEFAULT_BYTES;

    /// Opens the store that `url` names, making it ready for use:
    ///
    /// | url | store |
    /// |---|---|
    /// | `memory:` | in this process, for tests |
    /// | `sqlite:FILE`, with options such as `?mode=rw` | one file, created if missing (feature `sqlite`, on by default) |
    /// | `postgres://USER:PASSWORD@HOST/DATABASE` | the schema `intent` of a PostgreSQL database (feature `postgres`) |
    ///
    /// # Errors
    /// [`StoreError::UnknownUrl`] for another URL, or whatever keeps the store from opening.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let store = crate::store::connect(url).await?;
        Ok(Self::on(store))
    }

    /// The app on a store that is open already.
    pub fn new(store: impl Store) -> Self {
        Self::on(Arc::new(store))
    }

    fn on(store: Arc<dyn Store>) -> Self {
        let core = Core {
            store,
            cache: Arc::new(AggregateCache::new(dispatch::DEFAULT_BYTES)),
            catalogue: Arc::default(),
        };
        Self {
            tenant: Tenant {
                id: TenantId::DEFAULT,
                core,
            },
        }
    }

    /// Keeps recently used aggregates in memory up to `bytes`, by estimate (64 MiB unless told otherwise; 0 keeps
    /// none). It makes commands faster and changes nothing else.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: u64) -> Self {
        self.tenant.core.cache = Arc::new(AggregateCache::new(bytes));
        self
    }

    /// Registers an aggregate with its events and the commands that `#[commands]` lists.
    ///
    /// # Errors
    /// [`RegisterError`] when a name is taken.
    pub fn register<A: Aggregate>(mut self) -> Result<Self, RegisterError> {
        Arc::make_mut(&mut self.tenant.core.catalogue).add::<A>()?;
        Ok(self)
    }

    /// Registers a command that was written by hand; its aggregate must be registered before.
    ///
    /// # Errors
    /// [`RegisterError`] when the aggregate is not registered, or the name is taken.
    pub fn command<C: Command>(mut self) -> Result<Self, RegisterError> {
        Arc::make_mut(&mut self.tenant.core.catalogue).add_command::<C>()?;
        Ok(self)
    }

    /// The same app for one tenant.
    pub fn tenant(&self, id: TenantId) -> Tenant {
        Tenant {
            id,
            core: self.tenant.core.clone(),
        }
    }

    /// What is registered.
    pub fn catalogue(&self) -> &Catalogue {
        &self.tenant.core.catalogue
    }

    /// The log of all tenants, from its start on. [`Tenant::subscribe`] gives that of one.
    pub fn subscribe_all(&self, filter: LogFilter) -> Subscription {
        let core = &self.tenant.core;
        Subscription::new(
            Arc::clone(&core.store),
            None,
            core.catalogue.complete(filter),
        )
    }

    /// Writes the events of all tenants as text; whole streams, as they are stored. [`Tenant::export`] writes those of
    /// one.
    pub fn export_all(&self) -> Export<'_> {
        Export::new(self.store())
    }

    /// Stores exported events, each under the tenant it was recorded under.
    pub fn import_all(&self) -> Import<'_> {
        Import::new(self.store())
    }

    /// The store, for what the app does not offer.
    pub fn store(&self) -> &dyn Store {
        &*self.tenant.core.store
    }

    /// Waits for what was handed to the store, then closes it for every clone of this app. An app that is dropped
    /// instead loses nothing that was acknowledged.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be closed in good order.
    pub async fn close(self) -> Result<(), StoreError> {
        self.tenant.core.store.close().await
    }
}

impl Deref for App {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        &self.tenant
    }
}

impl Tenant {
    /// Which tenant it is.
    pub fn id(&self) -> TenantId {
        self.id
    }

    /// Sends a command: loads its aggregate, decides, and stores the events at the version that the decision saw.
    /// When others changed the aggregate meanwhile, it decides again.
    ///
    /// # Errors
    /// [`SendError::Rejected`] with the domain's own refusal, or why nothing could be decided or stored.
    pub fn send<C: Command>(
        &self,
        command: C,
    ) -> impl Future<Output = Result<Receipt<C::Aggregate>, SendError<Refusal<C>>>> + Send + use<'_, C>
    {
        self.send_with(command, SendOptions::new())
    }

    /// Sends a command, with a command id, metadata, an expected version, or another number of retries.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_with<C: Command>(
        &self,
        command: C,
        options: SendOptions,
    ) -> impl Future<Output = Result<Receipt<C::Aggregate>, SendError<Refusal<C>>>> + Send + use<'_, C>
    {
        let span = telemetry::send(&command);
        let sending = async move {
            self.check_registered::<C>()?;
            dispatch::send(
                &*self.core.store,
                &self.core.cache,
                self.id,
                command,
                options,
            )
            .await
        };
        sending.instrument(span)
    }

    /// Sends a command within a transaction of your own on Postgres: its events are there when you commit, together with
    /// whatever else the transaction wrote, or not at all. It sees what the transaction wrote before, so that several
    /// commands to one aggregate follow each other. All else is as with [`send_with`](Self::send_with): metadata, one effect
    /// per command id, and a command that was overtaken is decided again on what the others committed.
    ///
    /// What it answers is true once you commit, which is also yours to see: when that fails with a lost connection, do all of
    /// it again under the same command id. After an error the transaction goes on as it was before the call.
    ///
    /// Keep such transactions short: until they end, whoever else writes to the aggregate waits, and so do readers of the
    /// log. When it has committed, [`PgStore::wake_readers`](crate::PgStore::wake_readers) spares readers the wait until
    /// they look for themselves.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`StoreError::NoTransactions`] when the app is not on a [`PgStore`](crate::PgStore) itself.
    /// [`StoreError::Busy`] in a transaction of level `REPEATABLE READ` or above, which cannot see what overtook it: begin
    /// anew.
    ///
    /// ```no_run
    /// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
    /// # use account::*;
    /// # use intent_runtime::{PgStore, prelude::*};
    /// # async fn run(pool: sqlx::PgPool, id: Id<Account>) -> Result<(), Box<dyn std::error::Error>> {
    /// let app = App::new(PgStore::new(pool.clone()).await?).register::<Account>()?;
    ///
    /// let mut transaction = pool.begin().await?;
    /// sqlx::query("INSERT INTO receipts VALUES ($1)").bind(id.as_uuid()).execute(&mut *transaction).await?;
    /// app.send_in(&mut transaction, Deposit { id, amount: 5 }, SendOptions::new()).await?;
    /// transaction.commit().await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "postgres")]
    pub fn send_in<C: Command>(
        &self,
        transaction: &mut sqlx::PgTransaction<'_>,
        command: C,
        options: SendOptions,
    ) -> impl Future<Output = Result<Receipt<C::Aggregate>, SendError<Refusal<C>>>> + Send {
        let span = telemetry::send(&command);
        let sending = async move {
            self.check_registered::<C>()?;
            let store: &dyn std::any::Any = &*self.core.store;
            let store = store.downcast_ref::<crate::PgStore>();
            let store = store.ok_or(SendError::Store(StoreError::NoTransactions))?;
            dispatch::send_in(&store.joined(transaction), self.id, command, options).await
        };
        sending.instrument(span)
    }

    /// Loads an aggregate as it is now.
    ///
    /// # Errors
    /// [`LoadError::NotFound`] if it does not exist, or why it cannot be read.
    pub fn load<A: Aggregate>(
        &self,
        id: Id<A>,
    ) -> impl Future<Output = Result<Loaded<A>, LoadError>> + Send + use<'_, A> {
        let span = tracing::debug_span!(telemetry::LOAD, aggregate = A::TYPE, %id);
        let loading = async move {
            let stream = self.stream(id)?;
            self.load_to(id, &stream, Version::MAX).await
        };
        loading.instrument(span)
    }

    /// Loads an aggregate as it was at `version`.
    ///
    /// # Errors
    /// [`LoadError::NotFound`] if it does not exist or `version` is [`Version::NONE`], [`LoadError::NoSuchVersion`]
    /// if it has not come that far, or why it cannot be read.
    pub fn load_at<A: Aggregate>(
        &self,
        id: Id<A>,
        version: Version,
    ) -> impl Future<Output = Result<Loaded<A>, LoadError>> + Send + use<'_, A> {
        let span = tracing::debug_span!(telemetry::LOAD, aggregate = A::TYPE, %id, %version);
        let loading = async move {
            let stream = self.stream(id)?;
            let loaded = self.load_to(id, &stream, version).await?;
            if loaded.version < version {
                return Err(LoadError::NoSuchVersion {
                    stream,
                    version,
                    last: loaded.version,
                });
            }
            Ok(loaded)
        };
        loading.instrument(span)
    }

    /// Loads an aggregate as it was at a time: the longest beginning of its history whose events all lie at or before
    /// that time.
    ///
    /// # Errors
    /// [`LoadError::NotFound`] if it did not exist then, with the time if it came later, or why it cannot be read.
    pub fn load_as_of<A: Aggregate>(
        &self,
        id: Id<A>,
        time: AsOf,
    ) -> impl Future<Output = Result<Loaded<A>, LoadError>> + Send + use<'_, A> {
        let span = tracing::debug_span!(telemetry::LOAD, aggregate = A::TYPE, %id, ?time);
        let loading = async move {
            let stream = self.stream(id)?;
            let version = self
                .core
                .store
                .version_as_of(&stream, time)
                .await
                .map_err(LoadError::Store)?;
            if version > Version::NONE {
                match self.load_to(id, &stream, version).await {
                    // All of its events up to then are retired.
                    Err(LoadError::NotFound { .. }) => {}
                    loaded => return loaded,
                }
            }
            let exists = dispatch::exists(&*self.core.store, &stream).await?;
            let as_of = exists.then_some(time);
            Err(LoadError::NotFound { stream, as_of })
        };
        loading.instrument(span)
    }

    /// The audit trail of an aggregate: its events in today's shape, each with its metadata.
    ///
    /// # Errors
    /// [`LoadError::NotFound`] if it does not exist, or why it cannot be read.
    pub fn history<A: Aggregate>(
        &self,
        id: Id<A>,
    ) -> impl Future<Output = Result<Vec<Recorded<A::Event>>, LoadError>> + Send + use<'_, A> {
        let span = tracing::debug_span!(telemetry::LOAD, aggregate = A::TYPE, %id);
        let loading = async move {
            let stream = self.stream(id)?;
            let events = dispatch::history::<A>(&*self.core.store, &stream).await?;
            if events.is_empty() {
                return Err(LoadError::NotFound {
                    stream,
                    as_of: None,
                });
            }
            Ok(events)
        };
        loading.instrument(span)
    }

    /// Writes this tenant's events as text; whole streams, as they are stored.
    pub fn export(&self) -> Export<'_> {
        Export::new(&*self.core.store).tenant(self.id)
    }

    /// Stores exported events of one tenant under this one.
    pub fn import(&self) -> Import<'_> {
        Import::new(&*self.core.store).tenant(self.id)
    }

    /// This tenant's events in the order of the log, from its start on, and then as they are stored.
    pub fn subscribe(&self, filter: LogFilter) -> Subscription {
        let Core {
            store, catalogue, ..
        } = &self.core;
        Subscription::new(Arc::clone(store), Some(self.id), catalogue.complete(filter))
    }

    /// Takes a snapshot of an aggregate now, and returns the version it is of. Without being asked, one is taken every
    /// [`Snapshot::EVERY`] events.
    ///
    /// # Errors
    /// [`LoadError::NotFound`] if it does not exist, or why it cannot be read or written.
    pub fn snapshot<A: Snapshot>(
        &self,
        id: Id<A>,
    ) -> impl Future<Output = Result<Version, LoadError>> + Send + use<'_, A> {
        let span = tracing::debug_span!(telemetry::SNAPSHOT, aggregate = A::TYPE, %id);
        let taking = async move {
            let stream = self.stream(id)?;
            let loaded = self.load_to(id, &stream, Version::MAX).await?;
            let snapshot = SnapshotCodec::of().encode(&loaded.state, loaded.version);
            let snapshot = snapshot.map_err(|error| LoadError::of_snapshot(&stream, error))?;
            let saving = self.core.store.save_snapshot(&stream, snapshot);
            saving.await.map_err(LoadError::Store)?;
            Ok(loaded.version)
        };
        taking.instrument(span)
    }

    async fn load_to<A: Aggregate>(
        &self,
        id: Id<A>,
        stream: &StreamId,
        to: Version,
    ) -> Result<Loaded<A>, LoadError> {
        let folded = match to {
            Version::NONE => None,
            to => Some(dispatch::load_to::<A>(&&*self.core.store, stream, to).await?),
        };
        let found = folded.and_then(|folded| folded.state.map(|state| (state, folded.version)));
        let (state, version) = found.ok_or_else(|| LoadError::NotFound {
            stream: stream.clone(),
            as_of: None,
        })?;
        Ok(Loaded { id, version, state })
    }

    fn check_registered<C: Command>(&self) -> Result<(), SendError<Refusal<C>>> {
        if self.core.catalogue.has_command::<C>() {
            return Ok(());
        }
        Err(SendError::NotRegistered {
            command: C::NAME,
            aggregate: C::Aggregate::TYPE,
            missing: self.core.catalogue.missing_for::<C>(),
        })
    }

    fn stream<A: Aggregate>(&self, id: Id<A>) -> Result<StreamId, LoadError> {
        if !self.core.catalogue.has_aggregate::<A>() {
            return Err(LoadError::NotRegistered {
                aggregate: A::TYPE,
                missing: catalogue::register::<A>(),
            });
        }
        Ok(StreamId::of(self.id, id))
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

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant")
            .field("id", &self.id)
            .field("store", &self.core.store)
            .finish()
    }
}
