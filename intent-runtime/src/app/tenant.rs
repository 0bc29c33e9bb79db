//! [`Tenant`]: one tenant's view of an app.

use std::fmt;

use futures_util::stream::{self, StreamExt as _};
use tracing::Instrument;

use crate::{
    app::{Core, acting::Acting, transaction::SendFuture},
    dispatch::{
        actor::Actor,
        as_of::AsOf,
        attempt::{Sending, SendingOf},
        error::{LoadError, SendError},
        load::{self, Loaded},
        options::{Receipt, SendOptions},
    },
    log::{filter::LogFilter, follow::Follow, subscription::Subscription},
    model::{
        aggregate::Aggregate,
        any_command::CommandHead,
        command::{Command, Refusal},
        recorded::Recorded,
        snapshot::{Snapshot, SnapshotCodec},
    },
    record::{
        id::{Id, TenantId},
        stream::StreamId,
        version::Version,
    },
    schema::catalogue,
    store::{
        ReadStream,
        error::StoreError,
        port::{IntoJoinable, Streams},
    },
    telemetry,
    transfer::{export::Export, import::Import},
};

/// One tenant's view of an [`App`](crate::App). Nothing done through it reads, changes or reveals another tenant's data. It is
/// cheap to clone.
#[derive(Clone)]
pub struct Tenant {
    pub(super) id: TenantId,
    pub(super) core: Core,
}

impl Tenant {
    /// Which tenant it is.
    pub fn id(&self) -> TenantId {
        self.id
    }

    pub(super) fn of(&self, id: TenantId) -> Self {
        Self {
            id,
            core: self.core.clone(),
        }
    }

    /// The tenant's interface on behalf of one person: it sends only the commands that the person's roles allow, and reads the
    /// rows that access rules give them. Make one for each request. A role of the actor that the domain does not declare allows nothing: see
    /// [`Domain::roles`](crate::Domain::roles).
    pub fn acting(&self, actor: Actor) -> Acting {
        self.core.roles.warn_of_undeclared(&actor);
        let tenant = self.clone();
        Acting { tenant, actor }
    }

    /// Sends a command: loads its aggregate, decides, and stores the events at the version that the decision saw. If another
    /// command changed the aggregate meanwhile, it decides again.
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
        let span = telemetry::send(C::NAME, command.target());
        let sending = async move {
            let sending = self.sending(&*self.core.store, &command, options)?;
            sending.send(&self.core.cache).await
        };
        sending.instrument(span)
    }

    /// Sends a command within a transaction of your own, on Postgres or SQLite. When you commit, its events are stored together
    /// with everything else in the transaction. The command sees what the transaction wrote before, so several commands to one
    /// aggregate follow each other. In all other ways it is like [`send_with`](Self::send_with): it stores metadata, a command
    /// id has one effect, and a command that another one overtook is decided again. If you have no transaction of your own,
    /// [`transaction`](Self::transaction) begins one.
    ///
    /// The receipt is true once you commit. If the connection breaks during the commit, do all of it again under the same
    /// command id. After an error the transaction is as it was before the call.
    ///
    /// Keep such transactions short. Until one ends, other writers to the aggregate wait, and so do readers of the log. On
    /// SQLite all writers wait. There a transaction that reads before it writes may fail with [`StoreError::Busy`]: begin it
    /// with `BEGIN IMMEDIATE`.
    /// After the commit, call `wake_readers` of the store. Otherwise readers find the events only when they look by themselves.
    ///
    /// # Errors
    /// As [`send`](Self::send), [`StoreError::NoTransactions`] when the app's store takes part in no transaction of this kind,
    /// [`StoreError::NotInTransaction`] when none is open on the connection, and [`StoreError::OtherDatabase`] when it is
    /// not one of that store's database.
    /// [`StoreError::Busy`] in a transaction that cannot see the command that overtook it, such as one of level `REPEATABLE
    /// READ` or above: begin a new one.
    ///
    /// ```no_run
    /// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
    /// # use account::*;
    /// # use intent_runtime::{PgStore, prelude::*};
    /// # async fn run(pool: sqlx::PgPool, id: Id<Account>) -> Result<(), Box<dyn std::error::Error>> {
    /// let app = App::on(PgStore::new(pool.clone()).await?, Domain::of::<Account>()).await?;
    ///
    /// let mut transaction = pool.begin().await?;
    /// sqlx::query("INSERT INTO receipts VALUES ($1)").bind(id.as_uuid()).execute(&mut *transaction).await?;
    /// app.send_in(&mut transaction, Deposit { id, amount: 5 }, SendOptions::new()).await?;
    /// transaction.commit().await?;
    /// # Ok(()) }
    /// ```
    pub fn send_in<'t, C: Command>(
        &'t self,
        transaction: impl IntoJoinable<'t>,
        command: C,
        options: SendOptions,
    ) -> SendFuture<'t, C> {
        let connection = transaction.into_joinable();
        Box::pin(async move {
            let transact = self.core.store.transact();
            let joined = transact.and_then(|transact| transact.join(connection));
            let joined = joined.ok_or(StoreError::NoTransactions)?;
            self.send_within(&*joined, command, options).await
        })
    }

    pub(super) fn send_within<'a, C: Command>(
        &'a self,
        transaction: &'a (dyn Streams + 'a),
        command: C,
        options: SendOptions,
    ) -> impl Future<Output = Result<Receipt<C::Aggregate>, SendError<Refusal<C>>>> + Send + use<'a, C>
    {
        let span = telemetry::send(C::NAME, command.target());
        let sending = async move {
            let sending = self.sending(transaction, &command, options)?;
            sending.send_in().await
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
        self.loading(id, AsOf::Now).instrument(span)
    }

    /// Loads several aggregates as they are now, a few at a time. The results come in the order of the ids. If one aggregate
    /// cannot be loaded, the others still are.
    ///
    /// ```
    /// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
    /// # use account::*;
    /// # use intent_runtime::prelude::*;
    /// # async fn load(app: &App, ids: Vec<Id<Account>>) -> Result<(), LoadError> {
    /// let all_or_nothing = app.load_many(ids).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    /// # Ok(()) }
    /// ```
    pub fn load_many<A: Aggregate, I: IntoIterator<Item = Id<A>>>(
        &self,
        ids: I,
    ) -> impl Future<Output = Vec<Result<Loaded<A>, LoadError>>> + Send + use<'_, A, I> {
        /// How many are loaded at the same time, so that one call does not take all connections.
        const AT_ONCE: usize = 4;
        let loads: Vec<_> = ids.into_iter().map(|id| self.load(id)).collect();
        stream::iter(loads).buffered(AT_ONCE).collect()
    }

    /// Loads an aggregate as it was at `version`.
    ///
    /// # Errors
    /// [`LoadError::NotFound`] if it does not exist, or did not exist yet at that version, as at [`Version::NONE`];
    /// [`LoadError::NoSuchVersion`] if its last version is an earlier one; or why it cannot be read.
    pub fn load_at<A: Aggregate>(
        &self,
        id: Id<A>,
        version: Version,
    ) -> impl Future<Output = Result<Loaded<A>, LoadError>> + Send + use<'_, A> {
        let span = tracing::debug_span!(telemetry::LOAD, aggregate = A::TYPE, %id, %version);
        self.loading(id, AsOf::Version(version)).instrument(span)
    }

    /// Loads an aggregate as it was at a moment. For a time, this is the longest beginning of its history in which no event is
    /// later than that time.
    ///
    /// # Errors
    /// [`LoadError::NotFound`] if it does not exist, or did not exist yet at that moment; [`LoadError::NoSuchVersion`] if its
    /// last version is an earlier one; or why it cannot be read.
    pub fn load_as_of<A: Aggregate>(
        &self,
        id: Id<A>,
        as_of: AsOf,
    ) -> impl Future<Output = Result<Loaded<A>, LoadError>> + Send + use<'_, A> {
        let span = tracing::debug_span!(telemetry::LOAD, aggregate = A::TYPE, %id, %as_of);
        self.loading(id, as_of).instrument(span)
    }

    async fn loading<A: Aggregate>(&self, id: Id<A>, as_of: AsOf) -> Result<Loaded<A>, LoadError> {
        load::load_as_of(&*self.core.store, self.stream(id)?, as_of).await
    }

    /// The audit trail of an aggregate: all its events in today's shape, each with its metadata.
    /// [`history_after`](Self::history_after) gives a long one in pages.
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
            let all = ReadStream::all(&stream);
            let events = load::history::<A>(&*self.core.store, all).await?;
            if events.is_empty() {
                return Err(LoadError::not_found(stream));
            }
            Ok(events)
        };
        loading.instrument(span)
    }

    /// The events of an aggregate after a version, in today's shape: those that at most `limit` stored events are read as, and
    /// at least one if any are left. To read on, pass the version of the last one. An empty page is the end.
    ///
    /// ```
    /// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
    /// # use account::*;
    /// # use intent_runtime::prelude::*;
    /// # async fn read(app: &App, id: Id<Account>) -> Result<(), LoadError> {
    /// let mut after = Version::NONE;
    /// loop {
    ///     let page = app.history_after(id, after, 100).await?;
    ///     let Some(last) = page.last() else { break };
    ///     after = last.version();
    ///     // … use the page …
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`LoadError::NotFound`] if the aggregate does not exist, or why its events cannot be read.
    pub fn history_after<A: Aggregate>(
        &self,
        id: Id<A>,
        version: Version,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Recorded<A::Event>>, LoadError>> + Send + use<'_, A> {
        let span =
            tracing::debug_span!(telemetry::LOAD, aggregate = A::TYPE, %id, after = %version);
        let loading = async move {
            let stream = self.stream(id)?;
            let store = &*self.core.store;
            let events = load::history_after::<A>(store, &stream, version, limit).await?;
            // An event that cannot be read counts.
            if events.is_empty() && !load::reaches(store, &stream, Version::FIRST).await? {
                return Err(LoadError::not_found(stream));
            }
            Ok(events)
        };
        loading.instrument(span)
    }

    /// The events of one type of aggregate in this tenant, in today's shape, from the start of the log on, and then as they
    /// are stored.
    pub fn follow<A: Aggregate>(&self) -> Follow<A> {
        self.core.follow(Some(self.id))
    }

    /// Writes this tenant's events as text: whole streams, as they are stored.
    pub fn export(&self) -> Export<'_> {
        Export::new(&*self.core.store).tenant(self.id)
    }

    /// Stores exported events of one tenant under this one.
    pub fn import(&self) -> Import<'_> {
        Import::new(&*self.core.store).tenant(self.id)
    }

    /// This tenant's events in the order of the log, from its start on, and then as they are stored.
    pub fn subscribe(&self, filter: LogFilter) -> Subscription {
        self.core.subscribe(Some(self.id), &filter)
    }

    /// Takes a snapshot of an aggregate now, and returns its version. Without this call, a snapshot is taken every
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
            let loaded =
                load::load_as_of::<A>(&*self.core.store, stream.clone(), AsOf::Now).await?;
            let snapshot = SnapshotCodec::of().encode(loaded.state(), loaded.version());
            let snapshot = snapshot.map_err(|error| LoadError::of_snapshot(&stream, error))?;
            self.core.store.save_snapshot(&stream, snapshot).await?;
            Ok(loaded.version())
        };
        taking.instrument(span)
    }

    /// A command on its way. Refuses one that the domain does not have.
    fn sending<'a, C: Command>(
        &'a self,
        streams: &'a dyn Streams,
        command: &'a C,
        options: SendOptions,
    ) -> Result<SendingOf<'a, C>, SendError<Refusal<C>>> {
        if !self.core.catalogue.has_command::<C>() {
            return Err(SendError::NotRegistered {
                command: C::NAME,
                aggregate: C::Aggregate::TYPE,
                missing: self.core.catalogue.missing_for::<C>(),
            });
        }
        let options = options.at(self.core.clock.now());
        let sending = Sending::new(streams, self.id, CommandHead::of(command), command, options)?;
        Ok(sending.carrying(self.core.inline.of::<C::Aggregate>()))
    }

    pub(super) fn stream<A: Aggregate>(&self, id: Id<A>) -> Result<StreamId, LoadError> {
        self.registered::<A>()?;
        Ok(StreamId::of(self.id, id))
    }

    /// Refuses an aggregate that the domain does not have.
    pub(super) fn registered<A: Aggregate>(&self) -> Result<(), LoadError> {
        if !self.core.catalogue.has_aggregate::<A>() {
            return Err(LoadError::NotRegistered {
                aggregate: A::TYPE,
                missing: catalogue::aggregate_call::<A>(),
            });
        }
        Ok(())
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
