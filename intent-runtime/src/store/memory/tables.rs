//! The tables of read models beside a store in memory: a database of SQLite in memory, made when it is first used.

use std::{fmt, sync::Arc};

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    record::column::Cell,
    store::{
        error::StoreError,
        memory::transaction::turn,
        port::StoreFuture,
        sqlite::{
            flush, inline,
            tables::{self as sqlite, Ended},
        },
        tables::{
            Beside, Claim, Database, Flush, Key, Lease, Parked, Row, Table, Tables, builds::Build,
            inline::Duplicate, select::Select,
        },
    },
};

#[derive(Clone)]
pub(in crate::store) struct MemoryTables {
    connection: Arc<Mutex<Option<SqliteConnection>>>,
    /// Whose turn it is to have a transaction open in the store.
    turn: Arc<Mutex<()>>,
}

impl MemoryTables {
    /// The tables beside a store whose transactions take turns.
    pub(super) fn new(turn: Arc<Mutex<()>>) -> Self {
        let connection = Arc::default();
        Self { connection, turn }
    }

    /// Runs work in a transaction, which is committed if the work says so.
    pub(in crate::store) async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<(T, bool), Ended>,
    ) -> Result<T, StoreError> {
        let done = async {
            let mut connection = self.connection.lock().await;
            let connection = match &mut *connection {
                Some(connection) => connection,
                none => none.insert(open().await?),
            };
            let mut transaction = connection.begin().await?;
            let (value, commit) = work(&mut transaction).await?;
            match commit {
                true => transaction.commit().await?,
                false => transaction.rollback().await?,
            }
            Ok(value)
        };
        done.await.map_err(|ended: Ended| ended.in_memory())
    }

    /// Runs work that reads.
    pub(in crate::store) async fn look<T>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Ended>,
    ) -> Result<T, StoreError> {
        self.run(async move |it| Ok((work(it).await?, true))).await
    }
}

async fn open() -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = SqliteConnectOptions::new()
        .in_memory(true)
        .connect()
        .await?;
    sqlx::raw_sql(sqlite::SCHEMA)
        .execute(&mut connection)
        .await?;
    Ok(connection)
}

impl Tables for MemoryTables {
    fn claim<'a>(&'a self, claim: Claim<'a>) -> StoreFuture<'a, Vec<(String, Lease)>> {
        Box::pin(self.run(async move |it| Ok((sqlite::claim(it, claim).await?, true))))
    }

    fn release<'a>(&'a self, worker: &'a str, lease: Lease, owner: Uuid) -> StoreFuture<'a, ()> {
        Box::pin(
            self.run(async move |it| Ok((sqlite::release(it, worker, lease, owner).await?, true))),
        )
    }

    fn heard<'a>(&'a self, worker: &'a str) -> StoreFuture<'a, Option<String>> {
        Box::pin(self.look(async move |it| sqlite::heard(it, worker).await))
    }

    fn hear<'a>(
        &'a self,
        worker: &'a str,
        names: &'a str,
        before: Option<&'a str>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(
            self.run(async move |it| Ok((sqlite::hear(it, worker, names, before).await?, true))),
        )
    }

    fn parked<'a>(&'a self, worker: &'a str) -> StoreFuture<'a, Vec<Parked>> {
        Box::pin(self.look(async move |it| sqlite::parked(it, worker).await))
    }

    fn load<'a>(&'a self, build: Build<'a>, keys: &'a [Key]) -> StoreFuture<'a, Vec<Row>> {
        Box::pin(self.look(async move |it| sqlite::load(it, build, keys).await))
    }

    fn flush<'a>(&'a self, flush: Flush<'a>) -> StoreFuture<'a, bool> {
        Box::pin(self.run(async move |it| {
            let written = flush::flush(it, flush).await?;
            Ok((written, written))
        }))
    }

    fn flush_beside<'a>(
        &'a self,
        flush: Flush<'a>,
        beside: &'a mut dyn Beside,
    ) -> StoreFuture<'a, bool> {
        Box::pin(self.run(async move |it| {
            let written = flush::flush_beside(it, flush, beside).await?;
            Ok((written, written))
        }))
    }

    fn database(&self) -> Option<Database> {
        Some(Database::Sqlite)
    }

    fn duplicate<'a>(
        &'a self,
        table: &'a Table,
        rows: &'a [Row],
    ) -> StoreFuture<'a, Option<Duplicate>> {
        Box::pin(self.run(async move |it| Ok((inline::duplicate(it, table, rows).await?, true))))
    }

    fn mark<'a>(&'a self, build: Build<'a>, keys: &'a [Key]) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            // An open transaction writes its rows at its end.
            let _turn = turn(&self.turn).await?;
            self.run(async move |it| Ok((inline::mark(it, build, keys).await?, true)))
                .await
        })
    }

    fn earlier<'a>(
        &'a self,
        build: Build<'a>,
        after: Option<&'a Key>,
        limit: u32,
    ) -> StoreFuture<'a, Vec<Key>> {
        Box::pin(self.look(async move |it| inline::earlier(it, build, after, limit).await))
    }

    fn select<'a>(&'a self, select: Select<'a>) -> StoreFuture<'a, Vec<Vec<Cell>>> {
        Box::pin(self.look(async move |it| sqlite::select(it, select).await))
    }
}

impl fmt::Debug for MemoryTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryTables")
    }
}
