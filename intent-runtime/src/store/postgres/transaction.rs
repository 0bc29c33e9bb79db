//! Appending within a transaction: one of the user's own, or one that the store begins.

use std::mem::ManuallyDrop;

use sqlx::{
    AssertSqlSafe, Connection, Database, PgConnection, PgTransaction, Postgres, Row as _,
    SqlSafeStr,
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
            connection::{
                error::{Failure, Kind, Place, RunError},
                pool::Lent,
                run::within,
            },
            read, tables,
        },
        tables::{Key, Row, Table, builds::Build},
    },
};

/// How a transaction of the store's own begins. It waits for rows of others only for a short time, because others wait for what
/// is already in it.
const BEGIN_TO_APPEND: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '2s'";

impl PgStore {
    /// Appends within a transaction of your own. When you commit, the events are stored together with everything else in the
    /// transaction. For a command, use [`Tenant::send_in`](crate::Tenant::send_in). After an error the transaction is as it was
    /// before the call.
    ///
    /// You may drop the future before it is done, as a time limit does. The transaction is then as it was before the call, or
    /// has the events if they were all stored just then. A statement that was under way may still fail. Your next statement, or
    /// the commit, then returns the error.
    ///
    /// Keep such transactions short. Until one ends, other writers to the stream wait, and so do readers of the log. After the
    /// commit, call [`wake_readers`](Self::wake_readers). Otherwise readers find the events only when they look by themselves.
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
        Joined::new(self, &mut **transaction).append(append).await
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
        if store == Some(self.log.store) {
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
        Box::pin(async {
            // What fails here leaves a connection that its pool checks before it keeps it.
            let beginning = self.pool.hold((), |(), connection| {
                let begin = Manager::begin(connection, Some(BEGIN_TO_APPEND.into_sql_str()));
                Box::pin(async { Ok(within(begin).await?) })
            });
            let (lent, ()) = beginning.await?;
            Ok(Box::new(Joined::new(self, lent)) as Box<_>)
        })
    }

    fn join<'t>(&'t self, connection: Joinable<'t>) -> Option<Box<dyn Transaction + 't>> {
        match connection {
            Joinable::Postgres(connection) => Some(Box::new(Joined::new(self, connection))),
            _ => None,
        }
    }
}

/// A transaction that commands take part in: on a connection of the user's, or on one of the store's own, whose pool rolls back
/// what is left open.
struct Joined<C> {
    store: PgStore,
    connection: Mutex<C>,
}

/// Where the connection of a transaction is.
trait Connected: Send {
    fn connected(&mut self) -> Result<&mut PgConnection, RunError>;
}

impl Connected for &mut PgConnection {
    fn connected(&mut self) -> Result<&mut PgConnection, RunError> {
        Ok(self)
    }
}

impl Connected for Lent {
    fn connected(&mut self) -> Result<&mut PgConnection, RunError> {
        self.opened().ok_or(sqlx::Error::PoolClosed.into())
    }
}

impl BegunTransaction for Joined<Lent> {
    fn commit(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            let Self { store, connection } = *self;
            let place = store.pool.place().clone();
            // In a task of its own, which wakes readers of what it stored also when the caller gives up.
            let committing = tokio::spawn(async move {
                let committed = commit(connection.into_inner(), store.pool.place()).await;
                store.wake_readers();
                committed
            });
            let ended = |failed| Err(place.ended(failed));
            committing.await.unwrap_or_else(ended)
        })
    }

    fn rollback(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            let Self { store, connection } = *self;
            let mut lent = connection.into_inner();
            let rolled_back = async {
                within(Manager::rollback(lent.connected()?)).await?;
                lent.give_back();
                Ok(())
            };
            rolled_back
                .await
                .map_err(|error: RunError| error.at(store.pool.place()))
        })
    }
}

async fn commit(mut lent: Lent, place: &Place) -> Result<(), StoreError> {
    let connection = lent.connected().map_err(|error| error.at(place))?;
    // The server answers COMMIT with a rollback where the transaction has failed, and sqlx does not tell: but nothing
    // else goes well there.
    let sound = within(sqlx::raw_sql("SELECT 1").execute(&mut *connection)).await;
    sound.map_err(|error| place.error(error))?;
    let committed = within(Manager::commit(connection)).await;
    committed
        .map_err(Failure::from)
        .map_err(|failure| match failure.kind() {
            Kind::Lost => StoreError::UnknownCommit {
                place: place.to_string(),
                source: Box::new(failure),
            },
            _ => place.error(failure),
        })?;
    lent.give_back();
    Ok(())
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
    /// Does something in the transaction. An error leaves the transaction as it was.
    async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, RunError>,
    ) -> Result<T, RunError> {
        let mut connection = self.connection.lock().await;
        in_savepoint(connection.connected()?, async |part| {
            self.store.enter(part).await?;
            work(part).await
        })
        .await
    }

    async fn read<T>(
        &self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, RunError>,
    ) -> Result<T, StoreError> {
        let read = self.run(work).await;
        read.map_err(|error| error.at(self.store.pool.place()))
    }

    async fn append_now(&self, append: Append) -> Result<Appended, StoreError> {
        append.check()?;
        let again = |failed: &RunError| matches!(failed, RunError::Failure(failure) if failure.kind() == Kind::Contended);
        let mut appended = self
            .run(async |part| append_within(part, &append).await)
            .await;
        if appended.as_ref().is_err_and(again) {
            // Another transaction took a key first and has committed, so what it stored can be seen now.
            appended = self
                .run(async |part| append_within(part, &append).await)
                .await;
        }
        let place = self.store.pool.place();
        appended.map_err(|error| match error {
            RunError::Failure(failure) if failure.is_overtaken() => place.overtaken(failure),
            RunError::Failure(failure) => place.rows_error(&append, failure),
            RunError::Error(error) => error,
        })
    }
}

impl<C: Connected> Transaction for Joined<C> {}

impl<C: Connected> Streams for Joined<C> {
    fn store_id(&self) -> Uuid {
        self.store.log.store
    }

    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        self.store.explained(self.append_now(append))
    }

    fn read_state<'a>(
        &'a self,
        mut read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        let reading = self.read(async move |part: &mut PgConnection| {
            read::state(part, &mut read, sink).await.map(drop)
        });
        self.store.explained(reading)
    }

    fn read_events<'a>(
        &'a self,
        mut read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        let reading = self.read(async move |part: &mut PgConnection| {
            read::events(part, &mut read, sink).await.map(drop)
        });
        self.store.explained(reading)
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        let reading = self.read(async move |part: &mut PgConnection| {
            read::events_of_command(part, tenant, command).await
        });
        self.store.explained(reading)
    }

    fn load_rows<'a>(
        &'a self,
        table: &'static Table,
        keys: &'a [Key],
    ) -> StoreFuture<'a, Vec<Row>> {
        let place = self.store.pool.place();
        let reading = self.read(async move |part: &mut PgConnection| {
            tables::load(part, Build::new(table, 1), keys, place).await
        });
        self.store.explained(reading)
    }
}

type Manager = <Postgres as Database>::TransactionManager;

/// Does something in a part of the transaction that is open on a connection, behind a mark. An error in the part leaves what is
/// outside as it was, and its end the settings that were made outside. A part that is dropped before its end is rolled back
/// before the next statement on the transaction.
///
/// sqlx queues that rollback when a transaction within another is dropped, and offers no other way to queue one. It does two
/// things that must not happen. If it fails to begin the inner transaction, or is cancelled while it begins, it silently
/// rolls back the outer one: so a savepoint of our own first shows that the transaction is sound, and the beginning is never
/// dropped half-way. If it is cancelled while it releases a savepoint, it then rolls back to one that is gone: so ours has
/// the same name and takes its place.
async fn in_savepoint<T>(
    connection: &mut PgConnection,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, RunError>,
) -> Result<T, RunError> {
    // How many transactions there are within each other, by which sqlx names its savepoints.
    let depth = Manager::get_transaction_depth(connection);
    if depth == 0 {
        // In one that was begun by SQL, sqlx would take the part for a transaction of its own, and commit it.
        return Err(StoreError::NotInTransaction.into());
    }
    let set = format!("SAVEPOINT \"_sqlx_savepoint_{depth}\";");
    within(sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut *connection)).await?;
    // Dropped half-way, it would roll back the outer transaction, and what follows would commit by itself. What is never dropped
    // is a few hundred bytes, and at most one savepoint stays behind.
    let mut beginning = ManuallyDrop::new(Box::pin(connection.begin()));
    let mut part = within(&mut *beginning).await?;
    drop(ManuallyDrop::into_inner(beginning));
    let done = work(&mut part).await;
    let ended = match &done {
        Ok(_) => within(part.commit()).await,
        Err(_) => within(part.rollback()).await,
    };
    // If the work failed, that is why the part could not end well either.
    let done = done.and_then(|value| ended.map(|()| value).map_err(RunError::from));
    let release = format!("RELEASE SAVEPOINT \"_sqlx_savepoint_{depth}\";");
    let end = match &done {
        Ok(_) => format!("{} {release}", include_str!("sql/restore_settings.sql")),
        // The one of sqlx, which is still there, and ours.
        Err(_) => release.repeat(2),
    };
    let ended = within(sqlx::raw_sql(AssertSqlSafe(end)).execute(connection)).await;
    let value = done?;
    ended?;
    Ok(value)
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
        // Its stream may be ahead of the expected version because another sending of the same command stored it meanwhile.
        Some(Answer::Mismatch(actual, found)) => match before(transaction, append).await? {
            Some(before) => Ok(before),
            None => Err(statement::mismatch(append, actual, found.as_deref()).into()),
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
    let Some((id, of_type)) = seen.into_iter().flatten().next() else {
        return Ok(None);
    };
    append.check_seen(id, of_type)?;
    let events = read::events_of_command(transaction, tenant, append.command_id).await?;
    Ok(Some(Appended::Before(events)))
}
