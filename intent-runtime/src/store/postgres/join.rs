//! Appending within a transaction of the user's own.

use std::{
    mem,
    task::{Context, Waker},
};

use futures_util::TryFutureExt;
use sqlx::{Acquire, PgConnection, PgTransaction, Row};
use tokio::sync::Mutex;

use super::{
    PgStore, command,
    error::Kind,
    lane::within,
    read::Broken,
    statement::{self, Answer},
};
use crate::{
    CommandId, RecordedEvent, StoreError, TenantId,
    dispatch::Streams,
    store::{Append, Appended, EventSink, ReadStream, StateSink, StoreFuture},
};

impl PgStore {
    /// Appends within a transaction of your own: the events are there when it commits, together with whatever else it
    /// wrote, or not at all. For a command, [`Tenant::send_in`](crate::Tenant::send_in) does so. After an error the
    /// transaction goes on as it was before the call.
    ///
    /// If you drop the future before it is done, as a time limit does, roll the transaction back: it may or may not have the
    /// events. If you go on all the same, what you wrote before the call is there when it commits, unless the first thing you
    /// do next, be it the commit, says that the append failed.
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
        let appended = append_within(savepoint.connection(), append).await;
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
            let reader = &self.store.reader;
            let done = reader
                .state_on(savepoint.connection(), &mut read, sink)
                .await;
            savepoint.end(done).await
        };
        Box::pin(reading.map_err(|broken| self.store.broken(broken)))
    }

    fn read_events<'a>(
        &'a self,
        mut read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        let reading = async move {
            let mut transaction = self.transaction.lock().await;
            let mut savepoint = Savepoint::set(&mut transaction).await?;
            let reader = &self.store.reader;
            let done = reader
                .stream_events(savepoint.connection(), &mut read, sink)
                .await;
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
            let events = command::events(savepoint.connection(), tenant, command).await;
            savepoint.end(events).await
        };
        Box::pin(reading.map_err(|broken| self.store.broken(broken)))
    }
}

/// A part of a transaction: an error in it leaves what is outside as it was, and its end the tenant that was set outside.
///
/// By statements of our own: when sqlx is cancelled while it begins a transaction within another, it ends the outer one
/// without a word, and what follows commits by itself.
struct Savepoint<'a, 't> {
    transaction: &'a mut PgTransaction<'t>,
    /// The tenants that were named outside, in each of the settings.
    tenants: [String; 3],
    /// A statement failed in it, and the server was not yet asked to go back.
    failed: bool,
}

impl<'a, 't> Savepoint<'a, 't> {
    async fn set(transaction: &'a mut PgTransaction<'t>) -> Result<Self, Broken> {
        let set = sqlx::raw_sql(include_str!("sql/savepoint.sql"));
        within(set.execute(&mut **transaction)).await?;
        let mut savepoint = Self {
            transaction,
            tenants: Default::default(),
            failed: false,
        };
        let tenants = sqlx::query(include_str!("sql/tenant_now.sql"));
        let tenants = tenants.fetch_one(savepoint.connection());
        let tenants = within(
            tenants.and_then(async |row| Ok([row.try_get(0)?, row.try_get(1)?, row.try_get(2)?])),
        );
        match tenants.await {
            Ok(tenants) => savepoint.tenants = tenants,
            Err(error) => savepoint.go_back(error.into()).await?,
        }
        Ok(savepoint)
    }

    fn connection(&mut self) -> &mut PgConnection {
        self.transaction
    }

    async fn end<T>(mut self, done: Result<T, Broken>) -> Result<T, Broken> {
        let value = match done {
            Ok(value) => value,
            Err(broken) => return self.go_back(broken).await,
        };
        let mut restore = sqlx::query(include_str!("sql/set_tenant.sql"));
        for tenant in mem::take(&mut self.tenants) {
            restore = restore.bind(tenant);
        }
        if let Err(error) = within(restore.execute(self.connection())).await {
            return self.go_back(error.into()).await;
        }
        let release = sqlx::raw_sql(include_str!("sql/release_savepoint.sql"));
        within(release.execute(self.connection())).await?;
        Ok(value)
    }

    /// Undoes what was done since, and fails.
    async fn go_back<T>(&mut self, broken: Broken) -> Result<T, Broken> {
        self.failed = matches!(broken, Broken::Failure(_));
        let go_back = sqlx::raw_sql(include_str!("sql/rollback_to_savepoint.sql"));
        within(go_back.execute(self.connection())).await?;
        self.failed = false;
        Err(broken)
    }
}

impl Drop for Savepoint<'_, '_> {
    /// Cancelled in a transaction that can only be rolled back: at COMMIT the server would do so, and sqlx call it well.
    /// So one more statement is asked for, whose refusal is what the next use of the transaction is told.
    fn drop(&mut self) {
        if self.failed {
            let mut refused = Box::pin(self.transaction.begin());
            // sqlx hands it over before it waits for anything.
            let _ = refused
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            // Dropped, it would end the outer transaction, and the next statement would commit by itself.
            mem::forget(refused);
        }
    }
}

async fn append_within(
    transaction: &mut PgConnection,
    append: &Append,
) -> Result<Appended, Broken> {
    if let Some(before) = before(transaction, append).await? {
        return Ok(before);
    }
    let answers = within(statement::append(transaction, [append].into_iter(), None)).await?;
    match answers.into_iter().next() {
        Some(Answer::Stored(appended)) => Ok(appended),
        // Its stream may be past what it expects because its own command was stored meanwhile, by another sending.
        Some(Answer::Unfit(actual, found)) => match before(transaction, append).await? {
            Some(before) => Ok(before),
            None => Err(statement::unfit(append, actual, found).into()),
        },
        None => Err(sqlx::Error::RowNotFound.into()),
    }
}

/// What the append's command stored, if it was seen before.
async fn before(
    transaction: &mut PgConnection,
    append: &Append,
) -> Result<Option<Appended>, Broken> {
    let tenant = append.stream.tenant_id;
    let seen = within(statement::seen(transaction, [append].into_iter())).await?;
    let Some(seen) = seen.into_iter().flatten().next() else {
        return Ok(None);
    };
    let used_for = seen.stream(tenant);
    if !append.stream.is(&used_for) {
        return Err(Broken::Error(StoreError::CommandIdReused {
            command_id: append.command_id,
            used_for,
        }));
    }
    let events = command::events(transaction, tenant, append.command_id).await?;
    Ok(Some(Appended::Before(events)))
}
