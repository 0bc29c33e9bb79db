//! Appending within a transaction of the user's own.

use futures_util::TryFutureExt;
use sqlx::{Acquire, PgTransaction};
use tokio::sync::Mutex;

use super::{
    PgStore, command,
    error::Kind,
    read::Broken,
    statement::{self, Answer},
};
use crate::{
    CommandId, RecordedEvent, StoreError, TenantId,
    dispatch::Desk,
    store::{Append, Appended, ReadStream, StateSink, StoreFuture},
};

impl PgStore {
    /// Appends within a transaction of your own: the events are there when it commits, together with whatever else it
    /// wrote, or not at all. For a command, [`Tenant::send_in`](crate::Tenant::send_in) does so. After an error the transaction goes on as it was before the call.
    ///
    /// Keep such transactions short: until they end, others wait who append to the same stream, and so do readers of the
    /// log. When it has committed, [`wake_readers`](Self::wake_readers) spares readers the wait until they look for
    /// themselves.
    ///
    /// # Errors
    /// As [`Store::append`](crate::Store::append); whether the commit goes well is the caller's to see.
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
        if let Err(Broken::Failure(failure)) = &appended
            && failure.kind() == Kind::Contended
        {
            // Somebody was first at a key, and has committed: now it can be seen what is there.
            appended = self.append_in_savepoint(transaction, &append).await;
        }
        appended.map_err(|broken| self.broken(broken))
    }

    fn broken(&self, broken: Broken) -> StoreError {
        match broken {
            Broken::Error(error) => error,
            Broken::Failure(failure) => self.reader.place.error(failure),
        }
    }

    async fn append_in_savepoint(
        &self,
        transaction: &mut PgTransaction<'_>,
        append: &Append,
    ) -> Result<Appended, Broken> {
        let mut savepoint = Savepoint::set(transaction).await?;
        let appended = append_within(&mut savepoint.inner, append).await;
        savepoint.end(appended).await
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

impl Desk for Joined<'_, '_> {
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
            let reader = &self.store.reader;
            let done = reader.state_on(&mut savepoint.inner, &mut read, sink).await;
            savepoint.end(done).await
        };
        Box::pin(reading.map_err(|broken| self.store.broken(broken)))
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        let reading = async move {
            let mut transaction = self.transaction.lock().await;
            let mut savepoint = Savepoint::set(&mut transaction).await?;
            let events = command::events(&mut savepoint.inner, tenant, command).await;
            savepoint.end(events).await
        };
        Box::pin(reading.map_err(|broken| self.store.broken(broken)))
    }
}

/// A part of a transaction: an error in it leaves what is outside as it was, and its end the tenant that was set outside.
struct Savepoint<'a> {
    inner: PgTransaction<'a>,
    tenant: (String, String),
}

impl<'a> Savepoint<'a> {
    async fn set(transaction: &'a mut PgTransaction<'_>) -> Result<Self, sqlx::Error> {
        let mut inner = transaction.begin().await?;
        let tenant = sqlx::query_as(include_str!("sql/tenant_now.sql"));
        let tenant = tenant.fetch_one(&mut *inner).await?;
        Ok(Self { inner, tenant })
    }

    async fn end<T>(mut self, done: Result<T, Broken>) -> Result<T, Broken> {
        if done.is_err() {
            self.inner.rollback().await?;
            return done;
        }
        let (tenant, row_tenant) = self.tenant;
        let restore = sqlx::query(include_str!("sql/set_tenant.sql"));
        let restore = restore.bind(tenant).bind(row_tenant);
        restore.execute(&mut *self.inner).await?;
        self.inner.commit().await?;
        done
    }
}

async fn append_within(
    transaction: &mut PgTransaction<'_>,
    append: &Append,
) -> Result<Appended, Broken> {
    let tenant = append.stream.tenant_id;
    let seen = statement::seen(transaction, [append].into_iter()).await?;
    if let Some(seen) = seen.into_iter().flatten().next() {
        let used_for = seen.stream(tenant);
        if !append.stream.is(&used_for) {
            return Err(Broken::Error(StoreError::CommandIdReused {
                command_id: append.command_id,
                used_for,
            }));
        }
        let events = command::events(transaction, tenant, append.command_id).await?;
        return Ok(Appended::Before(events));
    }
    let answers = statement::append(transaction, [append].into_iter(), None).await?;
    match answers.into_iter().next() {
        Some(Answer::Stored(appended)) => Ok(appended),
        Some(Answer::Unfit(actual, found)) => Err(statement::unfit(append, actual, found).into()),
        None => Err(Broken::Error(StoreError::Closed)),
    }
}
