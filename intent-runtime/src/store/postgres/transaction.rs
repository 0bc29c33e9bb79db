//! Appending within a transaction: one of the user's own, or one that the store begins.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::future::BoxFuture;
use sqlx::{
    AssertSqlSafe, Connection, Database, PgConnection, PgTransaction, Postgres, Row, SqlSafeStr,
};
use sqlx_core::transaction::TransactionManager;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    record::{
        event::RecordedEvent,
        id::{CommandId, TenantId},
    },
    store::{
        EventSink, ReadStream, StateSink,
        append::{Append, Appended},
        error::StoreError,
        port::{BegunTransaction, Joinable, StoreFuture, Streams, Transact, Transaction},
        postgres::{
            PgStore,
            append::statement::{self, Answer},
            command,
            connection::{
                error::{Failure, Kind},
                pool::Lent,
                run::{Retries, RunError, within},
            },
            read,
        },
    },
};

/// How a transaction of the store's own begins. It waits for another's rows only so long: what is in it already keeps others
/// waiting too.
const BEGIN_TO_APPEND: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '2s'";

impl PgStore {
    /// Appends within a transaction of your own: the events are there when it commits, together with whatever else it
    /// wrote, or not at all. For a command, [`Tenant::send_in`](crate::Tenant::send_in) does so. After an error the
    /// transaction goes on as it was before the call.
    ///
    /// If you drop the future before it is done, as a time limit does, the transaction goes on as it was before the call, or
    /// with the events in it if they were all stored just then. A statement that was under way may still fail: then your next
    /// statement, or the commit, returns the error.
    ///
    /// Keep such transactions short: until they end, others wait who append to the same stream, and so do readers of the
    /// log. When it has committed, [`wake_readers`](Self::wake_readers) spares readers the wait until they look for
    /// themselves.
    ///
    /// # Errors
    /// As [`Streams::append`], and [`StoreError::OtherDatabase`] if the transaction is not one of the store's
    /// database. The commit is yours, and so are its errors.
    ///
    /// ```no_run
    /// # use intent_runtime::{PgStore, StoreError, store::{Append, Appended}};
    /// # async fn run(store: &PgStore, append: Append) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut transaction = store.pool().begin().await?;
    /// sqlx::query("UPDATE stock SET left_over = left_over - 1").execute(&mut *transaction).await?;
    /// store.append_in(&mut transaction, append).await?;
    /// transaction.commit().await?;
    /// store.wake_readers();
    /// # Ok(()) }
    /// ```
    pub async fn append_in(
        &self,
        transaction: &mut PgTransaction<'_>,
        append: Append,
    ) -> Result<Appended, StoreError> {
        self.append_on(transaction, append).await
    }

    async fn append_on(
        &self,
        connection: &mut PgConnection,
        append: Append,
    ) -> Result<Appended, StoreError> {
        append.check()?;
        let mut appended = self.append_in_savepoint(connection, &append).await;
        if let Err(RunError::Failure(failure)) = &appended
            && failure.kind() == Kind::Contended
        {
            // Another transaction took a key first and has committed, so what it stored can be seen now.
            appended = self.append_in_savepoint(connection, &append).await;
        }
        appended.map_err(|error| error.at(self.pool.place()))
    }

    async fn append_in_savepoint(
        &self,
        connection: &mut PgConnection,
        append: &Append,
    ) -> Result<Appended, RunError> {
        self.in_savepoint(connection, async |part| append_within(part, append).await)
            .await
    }

    /// Does something in a part of the transaction that is open on a connection. An error leaves the transaction as it was.
    async fn in_savepoint<T>(
        &self,
        connection: &mut PgConnection,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, RunError>,
    ) -> Result<T, RunError> {
        let mut savepoint = Savepoint::set(connection).await?;
        let mut part = savepoint.part().await?;
        let done = async {
            self.enter(&mut part).await?;
            work(&mut part).await
        };
        let done = done.await;
        let done = end_part(part, done).await;
        savepoint.end(done).await
    }

    /// Makes a part independent of the user's settings, if its transaction is one of this store's database.
    async fn enter(&self, part: &mut PgConnection) -> Result<(), RunError> {
        let keep = sqlx::raw_sql(include_str!("sql/keep_settings.sql"));
        let kept = within(keep.fetch_one(part)).await.map_err(Failure::from);
        let store: Option<Uuid> = match kept {
            Ok(kept) => Some(kept.try_get("store")?),
            // It has no store at all.
            Err(failure) if failure.kind() == Kind::NoSchema => None,
            Err(failure) => return Err(RunError::Failure(failure)),
        };
        if store == Some(self.log.store()) {
            return Ok(());
        }
        Err(RunError::Error(StoreError::OtherDatabase {
            place: self.pool.place().to_string(),
        }))
    }

    /// Tells waiting readers, in every process, that the log may have grown.
    pub fn wake_readers(&self) {
        self.wake.appended();
    }
}

impl Transact for PgStore {
    fn begin(&self) -> StoreFuture<'_, Box<dyn BegunTransaction>> {
        Box::pin(async move {
            let mut retries = Retries::default();
            loop {
                let failure = match self.begin_on_a_connection().await {
                    Ok(begun) => return Ok(Box::new(Joined::new(self, begun)) as Box<_>),
                    Err(RunError::Failure(failure)) => failure,
                    Err(error) => return Err(error.at(self.pool.place())),
                };
                if failure.ends_connection() {
                    self.pool.clear();
                }
                let again = retries.after(failure).await;
                again.map_err(|failure| self.pool.place().error(failure))?;
            }
        })
    }

    fn join<'t>(&'t self, connection: Joinable<'t>) -> Option<Box<dyn Transaction + 't>> {
        match connection {
            Joinable::Postgres(connection) => Some(Box::new(Joined::new(self, connection))),
            _ => None,
        }
    }
}

/// A transaction that commands take part in: on a connection of the user's, or one that the store has begun.
struct Joined<C> {
    store: PgStore,
    connection: Mutex<C>,
}

/// A connection of the store's own, with a transaction that was begun on it.
struct Begun(Lent);

/// Where the connection of a transaction is.
trait Connected: Send {
    fn connection(&mut self) -> Result<&mut PgConnection, RunError>;
}

impl Connected for &mut PgConnection {
    fn connection(&mut self) -> Result<&mut PgConnection, RunError> {
        Ok(self)
    }
}

impl Connected for Begun {
    fn connection(&mut self) -> Result<&mut PgConnection, RunError> {
        self.0.opened().ok_or(sqlx::Error::PoolClosed.into())
    }
}

impl Drop for Begun {
    /// Queues a rollback, unless the transaction has ended. The pool closes the connection if that does not go well.
    fn drop(&mut self) {
        if let Some(connection) = self.0.opened() {
            Manager::start_rollback(connection);
        }
    }
}

impl PgStore {
    /// What fails here leaves a connection that its pool checks before it keeps it.
    async fn begin_on_a_connection(&self) -> Result<Begun, RunError> {
        let mut begun = Begun(self.pool.acquire().await?);
        begun.0.connection().await?;
        let begin = Manager::begin(begun.connection()?, Some(BEGIN_TO_APPEND.into_sql_str()));
        within(begin).await?;
        Ok(begun)
    }

    async fn commit(&self, begun: &mut Begun) -> Result<(), StoreError> {
        let place = self.pool.place();
        let connection = begun
            .connection()
            .map_err(|error| error.at(self.pool.place()))?;
        // The server answers COMMIT with a rollback where the transaction has failed, and sqlx does not tell: but nothing
        // else goes well there.
        let sound = within(sqlx::raw_sql("SELECT 1").execute(&mut *connection)).await;
        sound.map_err(|error| place.error(error))?;
        let committed = within(Manager::commit(connection))
            .await
            .map_err(Failure::from);
        committed.map_err(|failure| match failure.kind() {
            Kind::Lost => StoreError::UnknownCommit {
                place: place.to_string(),
                source: Box::new(failure),
            },
            _ => place.error(failure),
        })
    }
}

impl BegunTransaction for Joined<Begun> {
    fn commit(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            let Self { store, connection } = *self;
            let mut begun = connection.into_inner();
            let committing = store.clone();
            // In a task of its own, which wakes readers of what it stored also when the caller gives up.
            let committed = tokio::spawn(async move {
                let committed = committing.commit(&mut begun).await;
                committing.wake_readers();
                committed
            });
            let ended = |failed| Err(store.pool.place().ended(failed));
            committed.await.unwrap_or_else(ended)
        })
    }

    fn rollback(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            let Self { store, connection } = *self;
            let mut begun = connection.into_inner();
            let rolled_back = async {
                within(Manager::rollback(begun.connection()?)).await?;
                Ok(())
            };
            rolled_back
                .await
                .map_err(|error: RunError| error.at(store.pool.place()))
        })
    }
}

impl<C> Joined<C> {
    fn new(store: &PgStore, connection: C) -> Self {
        Self {
            store: store.clone(),
            connection: Mutex::new(connection),
        }
    }
}

impl<C: Connected> Joined<C> {
    async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, RunError>,
    ) -> Result<T, StoreError> {
        let done = async {
            let mut connection = self.connection.lock().await;
            self.store
                .in_savepoint(connection.connection()?, work)
                .await
        };
        done.await
            .map_err(|error| error.at(self.store.pool.place()))
    }
}

impl<C: Connected> Transaction for Joined<C> {}

impl<C: Connected> Streams for Joined<C> {
    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        Box::pin(async move {
            let mut connection = self.connection.lock().await;
            let connection = connection.connection();
            let connection = connection.map_err(|error| error.at(self.store.pool.place()))?;
            self.store.append_on(connection, append).await
        })
    }

    fn read_state<'a>(
        &'a self,
        mut read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        Box::pin(self.run(async move |part: &mut PgConnection| {
            read::state_on(part, &mut read, sink).await.map(drop)
        }))
    }

    fn read_events<'a>(
        &'a self,
        mut read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(self.run(async move |part: &mut PgConnection| {
            read::events_on(part, &mut read, sink).await.map(drop)
        }))
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        Box::pin(
            self.run(async move |part: &mut PgConnection| {
                command::events(part, tenant, command).await
            }),
        )
    }
}

/// A mark in a user's transaction, behind which a part of it is done. An error in the part leaves what is outside as it
/// was, and its end the settings that were made outside. A part that is dropped before its end is rolled back before the
/// next statement on the transaction.
///
/// sqlx queues that rollback when a transaction within another is dropped, and offers no other way to queue one. It does two
/// things that must not happen. If it fails to begin the inner transaction, or is cancelled while it begins, it silently
/// rolls back the outer one: so a savepoint of our own first shows that the transaction is sound, and the beginning is never
/// dropped half-way. If it is cancelled while it releases a savepoint, it then rolls back to one that is gone: so ours has
/// the same name and takes its place.
struct Savepoint<'a> {
    connection: &'a mut PgConnection,
    /// How many transactions there are within each other, by which sqlx names its savepoints.
    depth: usize,
}

impl<'a> Savepoint<'a> {
    async fn set(connection: &'a mut PgConnection) -> Result<Self, RunError> {
        let depth = Manager::get_transaction_depth(connection);
        if depth == 0 {
            // In one that was begun by SQL, sqlx would take the part for a transaction of its own, and commit it.
            return Err(StoreError::NotInTransaction.into());
        }
        let savepoint = Self { connection, depth };
        let set = format!("SAVEPOINT \"_sqlx_savepoint_{depth}\";");
        let set = sqlx::raw_sql(AssertSqlSafe(set));
        within(set.execute(&mut *savepoint.connection)).await?;
        Ok(savepoint)
    }

    /// The part.
    async fn part(&mut self) -> Result<PgTransaction<'_>, RunError> {
        Ok(within(Beginning(Some(Box::pin(self.connection.begin())))).await?)
    }

    /// Gives back the settings after a part that was done, and forgets the mark.
    async fn end<T>(self, done: Result<T, RunError>) -> Result<T, RunError> {
        let release = format!("RELEASE SAVEPOINT \"_sqlx_savepoint_{}\";", self.depth);
        let end = match &done {
            Ok(_) => format!("{} {release}", include_str!("sql/restore_settings.sql")),
            // The one of sqlx, which is still there, and ours.
            Err(_) => release.repeat(2),
        };
        let end = sqlx::raw_sql(AssertSqlSafe(end));
        let ended = within(end.execute(self.connection)).await;
        let value = done?;
        ended?;
        Ok(value)
    }
}

/// Ends a part: what was done in it stays, or is undone where something failed.
async fn end_part<T>(part: PgTransaction<'_>, done: Result<T, RunError>) -> Result<T, RunError> {
    match done {
        Ok(value) => {
            within(part.commit()).await?;
            Ok(value)
        }
        Err(error) => {
            within(part.rollback()).await?;
            Err(error)
        }
    }
}

type Manager = <Postgres as Database>::TransactionManager;

/// A transaction within another while it begins.
struct Beginning<'a>(Option<BoxFuture<'a, Result<PgTransaction<'a>, sqlx::Error>>>);

impl<'a> Future for Beginning<'a> {
    type Output = Result<PgTransaction<'a>, sqlx::Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(begin) = &mut self.0 else {
            return Poll::Pending;
        };
        let begun = begin.as_mut().poll(context);
        if begun.is_ready() {
            self.0 = None;
        }
        begun
    }
}

impl Drop for Beginning<'_> {
    /// Dropped, it would roll back the outer transaction, and what follows would commit by itself. What is forgotten is a
    /// few hundred bytes, and at most one savepoint stays behind.
    fn drop(&mut self) {
        mem::forget(self.0.take());
    }
}

async fn append_within(
    transaction: &mut PgConnection,
    append: &Append,
) -> Result<Appended, RunError> {
    if let Some(before) = before(transaction, append).await? {
        return Ok(before);
    }
    let answers = within(statement::append(transaction, [append].into_iter(), None)).await?;
    match answers.into_iter().next() {
        Some(Answer::Stored(appended)) => Ok(appended),
        // Its stream may be past what it expects because its own command was stored meanwhile, by another sending.
        Some(Answer::Mismatch(actual, found)) => match before(transaction, append).await? {
            Some(before) => Ok(before),
            None => Err(statement::mismatch(append, actual, found).into()),
        },
        None => Err(sqlx::Error::RowNotFound.into()),
    }
}

/// What the append's command stored, if it was sent before.
async fn before(
    transaction: &mut PgConnection,
    append: &Append,
) -> Result<Option<Appended>, RunError> {
    let tenant = append.stream.tenant_id;
    let seen = within(statement::seen(transaction, [append].into_iter())).await?;
    let Some(seen) = seen.into_iter().flatten().next() else {
        return Ok(None);
    };
    let used_for = seen.stream(tenant);
    if !append.stream.is(&used_for) {
        return Err(RunError::Error(StoreError::CommandIdReused {
            command_id: append.command_id,
            used_for,
        }));
    }
    let events = command::events(transaction, tenant, append.command_id).await?;
    Ok(Some(Appended::Before(events)))
}
