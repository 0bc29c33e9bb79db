//! Appending within a transaction of the user's own.

use sqlx::{Acquire, PgTransaction};

use super::{
    PgStore, command,
    error::Kind,
    read::Broken,
    statement::{self, Answer},
};
use crate::{
    StoreError,
    store::{Append, Appended},
};

impl PgStore {
    /// Appends within a transaction of your own: the events are there when it commits, together with whatever else it
    /// wrote, or not at all. After an error the transaction goes on as it was before the call.
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
        appended.map_err(|broken| match broken {
            Broken::Error(error) => error,
            Broken::Failure(failure) => self.reader.place.error(failure),
        })
    }

    /// An error inside a savepoint leaves what is outside as it was, its settings too.
    async fn append_in_savepoint(
        &self,
        transaction: &mut PgTransaction<'_>,
        append: &Append,
    ) -> Result<Appended, Broken> {
        let mut inner = transaction.begin().await?;
        let before = sqlx::query_as(include_str!("sql/tenant_now.sql"));
        let (tenant, row_tenant): (String, String) = before.fetch_one(&mut *inner).await?;
        match append_within(&mut inner, append).await {
            Ok(appended) => {
                let restore = sqlx::query(include_str!("sql/set_tenant.sql"));
                let restore = restore.bind(tenant).bind(row_tenant);
                restore.execute(&mut *inner).await?;
                inner.commit().await?;
                Ok(appended)
            }
            Err(broken) => {
                inner.rollback().await?;
                Err(broken)
            }
        }
    }

    /// Tells waiting readers, in every process, that the log may have grown.
    pub fn wake_readers(&self) {
        self.wake.appended();
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
        None => Err(sqlx::Error::RowNotFound.into()),
    }
}
