//! Appending within a transaction: one of the user's own on the same file, or one that the store begins on its writer's
//! connection. The writer waits meanwhile.

use std::ops::{Deref, DerefMut};

use sqlx::{Database, Row as _, SqlSafeStr, Sqlite, SqliteConnection};
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
        sqlite::{
            SqliteStore,
            batch::{self, Verdict},
            connection::{Turn, connect_to_write},
            error::{Failure, Kind, RunError},
            read, tables,
        },
        tables::{Key, Row, Table, builds::Build},
    },
};

type Manager = <Sqlite as Database>::TransactionManager;

impl Transact for SqliteStore {
    fn begin(&self) -> StoreFuture<'_, Box<dyn BegunTransaction>> {
        Box::pin(async move {
            let open = self.begin_now().await?;
            Ok(Box::new(Joined::new(self, open)) as Box<_>)
        })
    }

    fn join<'t>(&'t self, connection: Joinable<'t>) -> Option<Box<dyn Transaction + 't>> {
        match connection {
            Joinable::Sqlite(connection) => Some(Box::new(Joined::new(self, connection))),
            _ => None,
        }
    }
}

impl SqliteStore {
    pub(super) async fn begin_now(&self) -> Result<Open<Turn>, StoreError> {
        if self.readers.is_closed() {
            return Err(StoreError::Closed);
        }
        let failed = |error| self.place.error(error);
        let begin = || Some("BEGIN IMMEDIATE".into_sql_str());
        let mut turn = self.connection.turn().await?;
        let mut begun = Manager::begin(&mut turn, begin()).await;
        if let Err(sqlx::Error::InvalidSavePointStatement) = begun {
            // SQLite ended a transaction by itself, as it does when the disk is full, and sqlx still counts it.
            *turn = connect_to_write(&self.options).await.map_err(failed)?;
            begun = Manager::begin(&mut turn, begin()).await;
        }
        begun.map_err(failed)?;
        Ok(Open::new(turn))
    }

    /// Takes the write lock, and makes sure that the part is in a transaction on this store's file.
    async fn enter(&self, part: &mut SqliteConnection) -> Result<(), RunError> {
        let elsewhere = || StoreError::OtherDatabase {
            place: self.place.to_string(),
        };
        let joined = sqlx::raw_sql(include_str!("sql/join.sql")).fetch_one(part);
        let joined = match joined.await.map_err(Failure::from) {
            Ok(joined) => joined,
            // It has no store at all.
            Err(failure) if failure.kind() == Kind::Statement => return Err(elsewhere().into()),
            Err(failure) => return Err(RunError::Failure(failure)),
        };
        let file: &str = joined.try_get("file")?;
        let id: &[u8] = joined.try_get("id")?;
        if let Some(table) = joined.try_get("hidden_by")? {
            return Err(self.place.foreign(table).into());
        }
        // A copy of the file has the same id.
        if *file == *self.file && *id == *self.id.as_bytes() {
            return Ok(());
        }
        Err(elsewhere().into())
    }
}

/// A transaction that commands take part in: on a connection of the user's, or one that the store has begun.
struct Joined<C> {
    store: SqliteStore,
    connection: Mutex<C>,
}

/// A transaction that is open on a connection, or a savepoint in one. Dropped before its end, it is rolled back before the next
/// statement on the connection.
///
/// It is what sqlx's own transaction is, but for one thing: that one, cancelled while it begins within another, rolls back the
/// outer one. Here nothing is queued until it has begun, and what has begun meanwhile sqlx rolls back by itself. Where sqlx has
/// rolled back already, it expects the queued rollback nevertheless and ignores it.
pub(super) struct Open<C: DerefMut<Target = SqliteConnection>> {
    connection: C,
    ended: bool,
}

impl<C: DerefMut<Target = SqliteConnection>> Open<C> {
    fn new(connection: C) -> Self {
        Self {
            connection,
            ended: false,
        }
    }

    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        Manager::commit(&mut self.connection).await?;
        self.ended = true;
        Ok(())
    }

    pub(super) async fn rollback(mut self) -> Result<(), sqlx::Error> {
        Manager::rollback(&mut self.connection).await?;
        self.ended = true;
        Ok(())
    }
}

impl<C: DerefMut<Target = SqliteConnection>> Drop for Open<C> {
    fn drop(&mut self) {
        if !self.ended {
            Manager::start_rollback(&mut self.connection);
        }
    }
}

impl<C: DerefMut<Target = SqliteConnection>> Deref for Open<C> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl<C: DerefMut<Target = SqliteConnection>> DerefMut for Open<C> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl<C> Joined<C> {
    fn new(store: &SqliteStore, connection: C) -> Self {
        Self {
            store: store.clone(),
            connection: Mutex::new(connection),
        }
    }
}

impl<C: DerefMut<Target = SqliteConnection> + Send> Joined<C> {
    /// Does something in a part of the transaction. An error leaves the transaction as it was.
    async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, RunError>,
    ) -> Result<T, StoreError> {
        let place = &self.store.place;
        let failed = |error| place.error(error);
        let mut connection = self.connection.lock().await;
        check_open(&mut connection).await?;
        let begun = Manager::begin(&mut connection, None).await;
        begun.map_err(failed)?;
        let mut part = Open::new(&mut **connection);
        let done = async {
            self.store.enter(&mut part).await?;
            work(&mut part).await
        };
        let done = done.await;
        let ended = match &done {
            Ok(_) => part.commit().await,
            Err(_) => part.rollback().await,
        };
        // If the work failed, that is why the part could not end well either.
        let value = done.map_err(|error| error.at(place))?;
        ended.map_err(failed)?;
        Ok(value)
    }
}

/// Refuses a connection without a transaction, where each statement would commit by itself.
async fn check_open(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    if Manager::get_transaction_depth(connection) == 0 {
        return Err(StoreError::NotInTransaction);
    }
    // SQLite may have ended it by itself, as it does when the disk is full. Within one, another cannot begin.
    let begun = sqlx::raw_sql("BEGIN").execute(&mut *connection).await;
    if begun.is_err() {
        return Ok(());
    }
    // If this fails, the transaction is empty.
    let _ = sqlx::raw_sql("ROLLBACK").execute(connection).await;
    Err(StoreError::NotInTransaction)
}

impl<C: DerefMut<Target = SqliteConnection> + Send> Transaction for Joined<C> {}

impl<C: DerefMut<Target = SqliteConnection> + Send> Streams for Joined<C> {
    fn store_id(&self) -> Uuid {
        self.store.id
    }

    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        Box::pin(async move {
            append.check()?;
            let (tenant, command) = (append.stream.tenant_id, append.command_id);
            let appending = self.run(async |part: &mut SqliteConnection| {
                match batch::append(part, &append).await?? {
                    Verdict::Accept(accepted) => Ok(accepted.into()),
                    Verdict::Before => {
                        let before = read::events_of_command(part, tenant, command);
                        Ok(Appended::Before(before.await?))
                    }
                }
            });
            appending.await
        })
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        Box::pin(
            self.run(async move |part: &mut SqliteConnection| read::state(part, read, sink).await),
        )
    }

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(
            self.run(async move |part: &mut SqliteConnection| read::events(part, read, sink).await),
        )
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        Box::pin(self.run(async move |part: &mut SqliteConnection| {
            read::events_of_command(part, tenant, command).await
        }))
    }

    fn load_rows<'a>(
        &'a self,
        table: &'static Table,
        keys: &'a [Key],
    ) -> StoreFuture<'a, Vec<Row>> {
        Box::pin(async move {
            let loading = self.run(async move |part: &mut SqliteConnection| {
                Ok(tables::load(part, Build::new(table, 1), keys).await)
            });
            loading.await?.map_err(|ended| ended.at(&self.store.place))
        })
    }
}

impl BegunTransaction for Joined<Open<Turn>> {
    fn commit(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            let Self { store, connection } = *self;
            let open = connection.into_inner();
            let place = store.place.to_string();
            // In a task of its own, which wakes readers of what it stored also when the caller gives up.
            let committing = tokio::spawn(async move {
                let committed = open.commit().await;
                store.wake_readers();
                committed.map_err(|error| store.place.transaction_error(error))
            });
            committing.await.unwrap_or_else(|stopped| {
                Err(StoreError::UnknownCommit {
                    place,
                    source: stopped.into(),
                })
            })
        })
    }

    fn rollback(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            let Self { store, connection } = *self;
            let rolled_back = connection.into_inner().rollback().await;
            rolled_back.map_err(|error| store.place.error(error))
        })
    }
}
