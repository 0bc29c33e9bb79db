//! The tables of read models on SQLite.

use sqlx::{
    AssertSqlSafe, QueryBuilder, Row as _, Sqlite, SqliteConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use uuid::Uuid;

use crate::{
    record::{
        column::{Cell, Column, ColumnKind},
        cursor::Cursor,
        id::{EventId, TenantId},
        timestamp::Timestamp,
        version::Position,
    },
    store::{
        error::StoreError,
        port::StoreFuture,
        sqlite::{
            SqliteStore,
            error::{Failure, Place},
            flush, inline,
        },
        tables::{
            Beside, Claim, Database, Flush, Key, LastEvent, Lease, Parked, Row, Table, Tables,
            builds::Build,
            inline::Duplicate,
            select::Select,
            text::{Dialect, list},
        },
    },
};

pub(super) const DIALECT: Dialect = Dialect {
    schema: "",
    prefix: "intent_read_",
    type_name: |kind| match kind {
        ColumnKind::Bool | ColumnKind::Integer => "INTEGER",
        ColumnKind::Float => "REAL",
        ColumnKind::Text | ColumnKind::Id | ColumnKind::Time | ColumnKind::Json => "TEXT",
    },
    collation: "",
    options: " STRICT",
    alters: false,
    notes: "intent_",
};

/// What a database has before the first table is made.
pub(in crate::store) const SCHEMA: &str = include_str!("migrations/0001_events_and_snapshots.sql");

/// How many parameters a statement may have.
pub(super) const PARAMETERS: usize = 32_000;

/// Why work on the tables ended early.
pub(in crate::store) enum Ended {
    Failed(sqlx::Error),
    /// A value that nobody of ours wrote.
    Corrupt(String),
}

impl From<sqlx::Error> for Ended {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

impl Ended {
    /// The same for the tables of a store in memory.
    pub(in crate::store) fn in_memory(self) -> StoreError {
        self.at(&Place::of("memory".as_ref()))
    }

    pub(super) fn at(self, place: &Place) -> StoreError {
        match self {
            Self::Failed(error) => place.error(Failure::from(error)),
            Self::Corrupt(what) => StoreError::CorruptTable {
                place: place.to_string(),
                what,
            },
        }
    }
}

impl SqliteStore {
    /// Runs work in a transaction on the writer's connection. It is committed if the work says so.
    pub(super) async fn on_tables<T>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<(T, bool), Ended>,
    ) -> Result<T, StoreError> {
        let failed = |error| self.place.error(Failure::from(error));
        let mut open = self.begin_now().await?;
        let done = work(&mut open).await;
        let (value, commit) = done.map_err(|ended| ended.at(&self.place))?;
        let ended = match commit {
            true => open.commit().await,
            false => open.rollback().await,
        };
        ended.map_err(failed)?;
        Ok(value)
    }

    /// Runs work that reads on a connection of a reader.
    pub(super) async fn look_at_tables<T>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Ended>,
    ) -> Result<T, StoreError> {
        let done = self.read(async |connection| Ok(work(connection).await));
        done.await?.map_err(|ended| ended.at(&self.place))
    }
}

impl Tables for SqliteStore {
    fn claim<'a>(&'a self, wanted: Claim<'a>) -> StoreFuture<'a, Vec<(String, Lease)>> {
        Box::pin(
            self.on_tables(async move |connection| Ok((claim(connection, wanted).await?, true))),
        )
    }

    fn release<'a>(&'a self, worker: &'a str, lease: Lease, owner: Uuid) -> StoreFuture<'a, ()> {
        Box::pin(self.on_tables(async move |connection| {
            Ok((release(connection, worker, lease, owner).await?, true))
        }))
    }

    fn heard<'a>(&'a self, worker: &'a str) -> StoreFuture<'a, Option<String>> {
        Box::pin(self.look_at_tables(async move |it| heard(it, worker).await))
    }

    fn hear<'a>(
        &'a self,
        worker: &'a str,
        names: &'a str,
        before: Option<&'a str>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(self.on_tables(async move |connection| {
            Ok((hear(connection, worker, names, before).await?, true))
        }))
    }

    fn parked<'a>(&'a self, worker: &'a str) -> StoreFuture<'a, Vec<Parked>> {
        Box::pin(self.look_at_tables(async move |it| parked(it, worker).await))
    }

    fn load<'a>(&'a self, build: Build<'a>, keys: &'a [Key]) -> StoreFuture<'a, Vec<Row>> {
        Box::pin(self.look_at_tables(async move |it| load(it, build, keys).await))
    }

    fn flush<'a>(&'a self, wanted: Flush<'a>) -> StoreFuture<'a, bool> {
        Box::pin(self.on_tables(async move |connection| {
            let written = flush::flush(connection, wanted).await?;
            Ok((written, written))
        }))
    }

    fn flush_beside<'a>(
        &'a self,
        flush: Flush<'a>,
        beside: &'a mut dyn Beside,
    ) -> StoreFuture<'a, bool> {
        Box::pin(self.on_tables(async move |connection| {
            let written = flush::flush_beside(connection, flush, beside).await?;
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
        Box::pin(async move {
            let found =
                self.read(async |connection| Ok(inline::duplicate(connection, table, rows).await));
            found.await?.map_err(|ended| ended.at(&self.place))
        })
    }

    fn mark<'a>(&'a self, build: Build<'a>, keys: &'a [Key]) -> StoreFuture<'a, ()> {
        Box::pin(self.on_tables(async move |it| Ok((inline::mark(it, build, keys).await?, true))))
    }

    fn earlier<'a>(
        &'a self,
        build: Build<'a>,
        after: Option<&'a Key>,
        limit: u32,
    ) -> StoreFuture<'a, Vec<Key>> {
        Box::pin(
            self.look_at_tables(async move |it| inline::earlier(it, build, after, limit).await),
        )
    }

    fn select<'a>(&'a self, wanted: Select<'a>) -> StoreFuture<'a, Vec<Vec<Cell>>> {
        Box::pin(self.look_at_tables(async move |it| select(it, wanted).await))
    }
}

pub(super) fn in_micros(time: Timestamp) -> i64 {
    time.as_micros()
}

pub(in crate::store) async fn claim(
    connection: &mut SqliteConnection,
    claim: Claim<'_>,
) -> Result<Vec<(String, Lease)>, Ended> {
    let now = Timestamp::now();
    let mut claimed = Vec::new();
    for worker in claim.workers {
        let row = sqlx::query(include_str!("sql/claim_worker.sql"))
            .bind(worker.clone())
            .bind(claim.owner)
            .bind(in_micros(now))
            .bind(in_micros(now.saturating_add(claim.lasts)))
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(row) = row {
            let last = last_event(row.try_get(3)?, row.try_get(4)?);
            let at = cursor(&row, 1)?;
            let lease = Lease::new(row.try_get(0)?, at, row.try_get(2)?, last);
            claimed.push((worker.clone(), lease));
        }
    }
    Ok(claimed)
}

pub(in crate::store) async fn release(
    connection: &mut SqliteConnection,
    worker: &str,
    lease: Lease,
    owner: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query(include_str!("sql/release_worker.sql"))
        .bind(worker.to_owned())
        .bind(lease.epoch)
        .bind(owner)
        .execute(connection)
        .await?;
    Ok(())
}

pub(in crate::store) async fn heard(
    connection: &mut SqliteConnection,
    worker: &str,
) -> Result<Option<String>, Ended> {
    let heard = sqlx::query_scalar(include_str!("sql/heard.sql"));
    let heard: Option<Option<String>> = heard
        .bind(worker.to_owned())
        .fetch_optional(connection)
        .await?;
    Ok(heard.flatten())
}

pub(in crate::store) async fn hear(
    connection: &mut SqliteConnection,
    worker: &str,
    names: &str,
    before: Option<&str>,
) -> Result<bool, Ended> {
    let noted = sqlx::query(include_str!("sql/hear.sql"))
        .bind(worker.to_owned())
        .bind(names.to_owned())
        .bind(before.map(str::to_owned))
        .execute(connection)
        .await?;
    Ok(noted.rows_affected() > 0)
}

pub(in crate::store) async fn parked(
    connection: &mut SqliteConnection,
    worker: &str,
) -> Result<Vec<Parked>, Ended> {
    let rows = sqlx::query(include_str!("sql/parked.sql"))
        .bind(worker.to_owned())
        .fetch_all(connection)
        .await?;
    let parked = |row: &SqliteRow| {
        let (tenant, event) = (uuid(row, 0)?, uuid(row, 2)?);
        let since = row.try_get(4)?;
        let tenant = TenantId::from_uuid(tenant);
        let event = EventId::from_uuid(event);
        let parked = Parked::new(tenant, cursor(row, 1)?, event, row.try_get(3)?);
        Ok(Parked { since, ..parked })
    };
    rows.iter().map(parked).collect()
}

/// The last event that rows are made of, if there is one.
pub(super) fn last_event(position: Option<i64>, id: Option<Uuid>) -> Option<LastEvent> {
    let position = Position::new(u64::try_from(position?).ok()?);
    Some(LastEvent::new(position, EventId::from_uuid(id?)))
}

pub(super) fn cursor(row: &SqliteRow, index: usize) -> Result<Cursor, Ended> {
    let text: &str = row.try_get(index)?;
    text.parse::<Cursor>()
        .map_err(|error| Ended::Corrupt(error.to_string()))
}

pub(super) fn uuid(row: &SqliteRow, index: usize) -> Result<Uuid, Ended> {
    let bytes: &[u8] = row.try_get(index)?;
    Uuid::from_slice(bytes).map_err(|error| Ended::Corrupt(error.to_string()))
}

pub(in crate::store) async fn load(
    connection: &mut SqliteConnection,
    build: Build<'_>,
    keys: &[Key],
) -> Result<Vec<Row>, Ended> {
    let (table, name) = (build.table, build.quoted(DIALECT));
    let (of_key, stored) = (table.key(), table.stored_columns());
    let (key, columns) = (Table::all(of_key), Table::all(&stored));
    let mut rows = Vec::new();
    for keys in keys.chunks(PARAMETERS / (of_key.len() + 1)) {
        let start = format!("SELECT {columns} FROM {name} WHERE ({key}) IN (");
        let mut query = QueryBuilder::<Sqlite>::new(start);
        push(&mut query, keys);
        query.push(")");
        let found = query.build().fetch_all(&mut *connection).await?;
        for row in &found {
            rows.push(read_row(&stored, row)?);
        }
    }
    Ok(rows)
}

/// Pushes rows of values.
pub(super) fn push(query: &mut QueryBuilder<Sqlite>, rows: &[Row]) {
    query.push_values(rows, |mut values, row| {
        values.push_bind(row.tenant.to_string());
        for cell in &row.cells {
            match cell {
                Cell::Null => values.push_bind(None::<i64>),
                Cell::Bool(it) => values.push_bind(*it),
                Cell::Integer(it) => values.push_bind(*it),
                Cell::Float(it) => values.push_bind(*it),
                Cell::Text(it) | Cell::Json(it) => values.push_bind(it.clone()),
                Cell::Id(it) => values.push_bind(it.to_string()),
                Cell::Time(it) => values.push_bind(it.to_string()),
            };
        }
    });
}

pub(super) fn bind<'q>(
    query: Query<'q, Sqlite, SqliteArguments>,
    cell: &Cell,
) -> Query<'q, Sqlite, SqliteArguments> {
    match cell {
        Cell::Null => query.bind(None::<i64>),
        Cell::Bool(it) => query.bind(*it),
        Cell::Integer(it) => query.bind(*it),
        Cell::Float(it) => query.bind(*it),
        Cell::Text(it) | Cell::Json(it) => query.bind(it.clone()),
        Cell::Id(it) => query.bind(it.to_string()),
        Cell::Time(it) => query.bind(it.to_string()),
    }
}

pub(super) fn read_row(columns: &[Column], row: &SqliteRow) -> Result<Row, Ended> {
    let tenant: &str = row.try_get(0)?;
    let tenant = tenant.parse::<TenantId>();
    let tenant = tenant.map_err(|error| Ended::Corrupt(error.to_string()))?;
    Ok(Row::new(tenant, cells(columns, row, 1)?))
}

/// The cells of the columns that stand from `first` on.
fn cells(columns: &[Column], row: &SqliteRow, first: usize) -> Result<Vec<Cell>, Ended> {
    let cell = |(index, column): (usize, &Column)| {
        let text = || row.try_get::<Option<String>, _>(index);
        Ok(match column.kind {
            ColumnKind::Bool => row.try_get::<Option<bool>, _>(index)?.map(Cell::Bool),
            ColumnKind::Integer => row.try_get::<Option<i64>, _>(index)?.map(Cell::Integer),
            ColumnKind::Float => row.try_get::<Option<f64>, _>(index)?.map(Cell::Float),
            ColumnKind::Text => text()?.map(Cell::Text),
            ColumnKind::Json => text()?.map(Cell::Json),
            ColumnKind::Id => parsed(text()?)?.map(Cell::Id),
            ColumnKind::Time => parsed(text()?)?.map(Cell::Time),
        }
        .unwrap_or(Cell::Null))
    };
    (first..).zip(columns).map(cell).collect()
}

fn parsed<T>(text: Option<String>) -> Result<Option<T>, Ended>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    let parsed = text.map(|text| text.parse());
    parsed
        .transpose()
        .map_err(|error: T::Err| Ended::Corrupt(error.to_string()))
}

pub(in crate::store) async fn select(
    connection: &mut SqliteConnection,
    select: Select<'_>,
) -> Result<Vec<Vec<Cell>>, Ended> {
    let (table, tail) = (select.table, select.tail());
    let (columns, name) = (list(table.columns, str::to_owned), table.read(DIALECT));
    // Alone, a quoted name that is no column is a text to SQLite.
    let there = list(table.columns, |column| format!("r.{column} AS {column}"));
    let (tenant, condition) = (tail.parameters.len() + 1, tail.condition);
    let sql = format!(
        "SELECT {columns} FROM (SELECT {there} FROM {name} AS r WHERE tenant_id = ${tenant}{condition}) AS t {}",
        tail.text
    );
    let query = tail
        .parameters
        .iter()
        .fold(sqlx::query(AssertSqlSafe(sql)), |query, cell| {
            bind(query, cell)
        });
    let rows = query
        .bind(select.tenant.to_string())
        .fetch_all(connection)
        .await?;
    let cells = |row: &SqliteRow| cells(table.columns, row, 0);
    rows.iter().map(cells).collect()
}
