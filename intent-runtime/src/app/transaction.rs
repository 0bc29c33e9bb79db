//! [`AppTransaction`]: several commands that are stored together.

use std::fmt;

use futures_util::future::BoxFuture;
use tracing::Instrument;

use crate::{
    app::{acting::Acting, tenant::Tenant},
    dispatch::{
        actor::{Actor, options_for},
        error::{LoadError, SendError},
        load::{self, Loaded},
        options::{Receipt, SendOptions},
    },
    model::{
        aggregate::Aggregate,
        any_command::CommandHead,
        command::{Command, Refusal},
    },
    record::{id::Id, version::Version},
    store::{error::StoreError, port::BegunTransaction},
    telemetry,
};

/// A transaction that an app has begun. The commands sent in it are stored together when it commits, or not at all. If it is
/// dropped without a commit, it is rolled back.
///
/// The transaction sees what was sent in it, so several commands to one aggregate follow each other. Others see nothing of it
/// before it commits. Receipts are true once it has committed. After an error, the transaction is as it was before the call. If
/// a call is dropped before it is done, the transaction is as it was, or has the whole command in it.
///
/// Keep it short, and send no command outside it meanwhile that would wait for it. Until it ends, other writers wait: on
/// Postgres those to the same aggregates, and readers of the log; on SQLite and in memory all writers. A writer that waits for
/// too long fails with [`StoreError::Busy`]. To store rows of your own together with commands, begin a transaction of your own
/// and use [`send_in`](Tenant::send_in).
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let app = App::connect("memory:", Domain::of::<Account>()).await?;
/// let (from, to) = (Id::<Account>::new(), Id::<Account>::new());
/// app.send(Open { id: from, owner: "Ada".into() }).await?;
/// app.send(Open { id: to, owner: "Bo".into() }).await?;
/// app.send(Deposit { id: from, amount: 5 }).await?;
///
/// let mut transfer = app.transaction().await?;
/// transfer.send(Withdraw { id: from, amount: 3 }).await?;
/// transfer.send(Deposit { id: to, amount: 3 }).await?;
/// assert_eq!(transfer.load(to).await?.balance, 3);
/// assert_eq!(app.load(to).await?.balance, 0);
/// transfer.commit().await?;
/// assert_eq!(app.load(to).await?.balance, 3);
/// # Ok(())
/// # }
/// ```
#[must_use = "a transaction that is dropped is rolled back"]
pub struct AppTransaction {
    tenant: Tenant,
    /// For whom it sends commands, if not for the program.
    actor: Option<Actor>,
    begun: Box<dyn BegunTransaction>,
}

/// What a command sent in a transaction of the user's comes to. It does not name the type of the connection: if that is wrong,
/// rustc would report it again where the future is awaited.
pub(super) type SendFuture<'t, C> =
    BoxFuture<'t, Result<Receipt<<C as Command>::Aggregate>, SendError<Refusal<C>>>>;

impl Tenant {
    /// Begins a transaction for several commands. [`send_in`](Self::send_in) sends a command in a transaction of your own.
    ///
    /// # Errors
    /// [`StoreError::NoTransactions`] when the app's store has none, and [`StoreError::Busy`] or
    /// [`StoreError::NoConnection`] when others took too long.
    pub async fn transaction(&self) -> Result<AppTransaction, StoreError> {
        self.begin_for(None).await
    }

    async fn begin_for(&self, actor: Option<Actor>) -> Result<AppTransaction, StoreError> {
        let transact = self.core.store.transact();
        let transact = transact.ok_or(StoreError::NoTransactions)?;
        Ok(AppTransaction {
            tenant: self.clone(),
            actor,
            begun: transact.begin().await?,
        })
    }
}

impl Acting {
    /// Begins a transaction for several commands of this actor, as [`Tenant::transaction`] does.
    ///
    /// # Errors
    /// As [`Tenant::transaction`].
    pub async fn transaction(&self) -> Result<AppTransaction, StoreError> {
        self.tenant.begin_for(Some(self.actor.clone())).await
    }
}

impl AppTransaction {
    /// Loads an aggregate as the transaction sees it.
    ///
    /// # Errors
    /// As [`Tenant::load`].
    pub fn load<A: Aggregate>(
        &mut self,
        id: Id<A>,
    ) -> impl Future<Output = Result<Loaded<A>, LoadError>> + Send + use<'_, A> {
        let span = tracing::debug_span!(telemetry::LOAD, aggregate = A::TYPE, %id);
        let (tenant, begun) = (&self.tenant, &*self.begun);
        let loading = async move {
            let stream = tenant.stream(id)?;
            let folded = load::load_to::<A>(begun, &stream, Version::MAX).await?;
            let Some(state) = folded.state else {
                return Err(LoadError::not_found(stream));
            };
            Ok(Loaded::new(id, folded.version, state))
        };
        loading.instrument(span)
    }

    /// Stores everything that was sent in it, durably and at once. Then readers of the log see it.
    ///
    /// # Errors
    /// [`StoreError::UnknownCommit`] when the connection broke: all of it is stored, or nothing. Send it again in another
    /// transaction under the same command ids. A command that was stored then returns its first receipt. After any other error
    /// nothing is stored.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.begun.commit().await
    }

    /// Drops everything that was sent in it, and waits until it is rolled back.
    ///
    /// # Errors
    /// Whatever keeps the database from answering. The transaction is rolled back all the same.
    pub async fn rollback(self) -> Result<(), StoreError> {
        self.begun.rollback().await
    }

    /// Sends a command within the transaction, as [`Tenant::send`] or [`Acting::send`] does.
    ///
    /// # Errors
    /// As they have.
    pub fn send<C: Command>(
        &mut self,
        command: C,
    ) -> impl Future<Output = Result<Receipt<C::Aggregate>, SendError<Refusal<C>>>> + Send + use<'_, C>
    {
        self.send_with(command, SendOptions::new())
    }

    /// Sends a command within the transaction, with a command id, metadata, an expected version, or another number of retries,
    /// as [`Tenant::send_with`] or [`Acting::send_with`] does.
    ///
    /// # Errors
    /// As they have.
    pub fn send_with<C: Command>(
        &mut self,
        command: C,
        options: SendOptions,
    ) -> impl Future<Output = Result<Receipt<C::Aggregate>, SendError<Refusal<C>>>> + Send + use<'_, C>
    {
        let head = CommandHead::of(&command);
        let options = options_for(self.actor.as_ref(), &head, options);
        let (tenant, begun) = (&self.tenant, &*self.begun);
        async move { tenant.send_within(begun, command, options?).await }
    }
}

impl fmt::Debug for AppTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppTransaction")
            .field("tenant", &self.tenant)
            .field("actor", &self.actor)
            .finish_non_exhaustive()
    }
}
