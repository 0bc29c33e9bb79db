//! Appending within a transaction of the user's own.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{TryFutureExt, future::BoxFuture};
use sqlx::{Acquire, AssertSqlSafe, Database, PgConnection, PgTransaction, Postgres, Row};
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
        port::{StoreFuture, Streams},
        postgres::{
            PgStore,
            append::statement::{self, Answer},
            command,
            connection::{
                error::{Failure, Kind},
                run::{RunError, within},
            },
            read,
        },
    },
};

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
        append.check()?;
        let mut appended = self.append_in_savepoint(transaction, &append).await;
        if let Err(RunError::Failure(failure)) = &appended
            && failure.kind() == Kind::Contended
        {
            // Another transaction took a key first and has committed, so what it stored can be seen now.
            appended = self.append_in_savepoint(transaction, &append).await;
        }
        appended.map_err(|error| error.at(self.pool.place()))
    }

    async fn append_in_savepoint(
        &self,
        transaction: &mut PgTransaction<'_>,
        append: &Append,
    ) -> Result<Appended, RunError> {
        let mut savepoint = Savepoint::set(transaction).await?;
        let mut part = savepoint.part().await?;
        let done = async {
            self.enter(&mut part).await?;
            append_within(&mut part, append).await
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

    /// The transaction as a command is sent in it.
    pub(crate) fn joined<'a, 't>(
        &'a self,
        transaction: &'a mut PgTransaction<'t>,
    ) -> Joined<'a, 't> {
        Joined {
            store: self,
            transaction: Mutex::new(transaction),
        }
    }

    /// Tells waiting readers, in every process, that the log may have grown.
    pub fn wake_readers(&self) {
        self.wake.appended();
    }
}

/// A transaction of the user's own, in which a command is decided and its events are stored.
pub(crate) struct Joined<'a, 't> {
    store: &'a PgStore,
    transaction: Mutex<&'a mut PgTransaction<'t>>,
}

impl Streams for Joined<'_, '_> {
    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        Box::pin(async move {
            let mut transaction = self.transaction.lock().await;
            self.store.append_in(&mut transaction, append).await
        })
    }

    fn read_state<'a>(
        &'a self,
        mut read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        let reading = async move {
            let mut transaction = self.transaction.lock().await;
            let mut savepoint = Savepoint::set(&mut transaction).await?;
            let mut part = savepoint.part().await?;
            let done = async {
                self.store.enter(&mut part).await?;
                read::state_on(&mut part, &mut read, sink).await
            };
            let done = done.await.map(drop);
            let done = end_part(part, done).await;
            savepoint.end(done).await
        };
        Box::pin(reading.map_err(|error| error.at(self.store.pool.place())))
    }

    fn read_events<'a>(
        &'a self,
        mut read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        let reading = async move {
            let mut transaction = self.transaction.lock().await;
            let mut savepoint = Savepoint::set(&mut transaction).await?;
            let mut part = savepoint.part().await?;
            let done = async {
                self.store.enter(&mut part).await?;
                read::events_on(&mut part, &mut read, sink).await
            };
            let done = done.await.map(drop);
            let done = end_part(part, done).await;
            savepoint.end(done).await
        };
        Box::pin(reading.map_err(|error| error.at(self.store.pool.place())))
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        let reading = async move {
            let mut transaction = self.transaction.lock().await;
            let mut savepoint = Savepoint::set(&mut transaction).await?;
            let mut part = savepoint.part().await?;
            let done = async {
                self.store.enter(&mut part).await?;
                command::events(&mut part, tenant, command).await
            };
            let done = done.await;
            let done = end_part(part, done).await;
            savepoint.end(done).await
        };
        Box::pin(reading.map_err(|error| error.at(self.store.pool.place())))
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
struct Savepoint<'a, 't> {
    transaction: &'a mut PgTransaction<'t>,
    /// How many transactions there are within each other, by which sqlx names its savepoints.
    depth: usize,
}

impl<'a, 't> Savepoint<'a, 't> {
    async fn set(transaction: &'a mut PgTransaction<'t>) -> Result<Self, RunError> {
        let depth = Manager::get_transaction_depth(transaction);
        let savepoint = Self { transaction, depth };
        let set = format!("SAVEPOINT \"_sqlx_savepoint_{depth}\";");
        let set = sqlx::raw_sql(AssertSqlSafe(set));
        within(set.execute(&mut **savepoint.transaction)).await?;
        Ok(savepoint)
    }

    /// The part.
    async fn part(&mut self) -> Result<PgTransaction<'_>, RunError> {
        Ok(within(Beginning(Some(self.transaction.begin()))).await?)
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
        let ended = within(end.execute(&mut **self.transaction)).await;
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
