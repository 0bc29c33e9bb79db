//! A worker of the suite: it holds a lease of a build, and writes as the workers of read models do.

use std::time::Duration;

use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::{
    record::{
        column::{Cell, Column, ColumnKind},
        cursor::Cursor,
        id::TenantId,
        timestamp::Timestamp,
        version::Position,
    },
    store::{
        conformance::Subject,
        port::Joinable,
        tables::{
            Beside, Claim, Flush, Key, Lease, Row, Table, Tables,
            builds::{Build, BuildState, Publish, Published},
            select::Select,
        },
    },
};

const COLUMNS: &[Column] = &[
    Column::new("id", ColumnKind::Id).key(),
    Column::new("name", ColumnKind::Text).indexed(),
    Column::new("count", ColumnKind::Integer),
    Column::new("share", ColumnKind::Float),
    Column::new("open", ColumnKind::Bool),
    Column::new("seen", ColumnKind::Time),
    Column::new("tags", ColumnKind::Json),
    Column::new("note", ColumnKind::Text).nullable(true),
];

pub(super) static TABLE: Table = Table::new("conformance_rows", 1, COLUMNS);
pub(super) static NEXT: Table = Table::new("conformance_rows", 2, COLUMNS);

/// Without rows.
pub(super) static BARE: Table = Table::new("conformance_bare", 1, &[]);

/// With links.
pub(super) static LINKED: Table = Table::new("conformance_linked", 1, COLUMNS).links(&LINKS);
static LINKS: Table = Table::links_of("conformance_linked", 1);

/// Far longer than any rule takes.
pub(super) const LONG: Duration = Duration::from_secs(3600);

/// How often something is tried that waits for a clock to go on.
const TRIES: usize = 10_000;

pub(super) struct Worker<'a> {
    pub(super) tables: &'a dyn Tables,
    store_id: Uuid,
    pub(super) build: Build<'static>,
    pub(super) name: String,
    pub(super) owner: Uuid,
    pub(super) lease: Lease,
}

/// Asks for a lease once.
pub(super) async fn claimed(
    tables: &dyn Tables,
    worker: &str,
    owner: Uuid,
    lasts: Duration,
) -> Option<Lease> {
    let workers = [worker.to_owned()];
    let given = tables.claim(Claim::new(&workers, owner, lasts)).await;
    let mut given = given.expect("a lease can be asked for");
    assert!(given.len() <= 1, "one lease was asked for");
    let (name, lease) = given.pop()?;
    assert_eq!(name, worker, "the lease is of the worker that was named");
    Some(lease)
}

impl<'a> Worker<'a> {
    /// The worker of the first build of a version, which has begun. `None` if the store has no tables.
    pub(super) async fn of(store: &'a Subject, table: &'static Table) -> Option<Self> {
        let tables = store.tables()?;
        tables.enlist(table).await.expect("a build is noted");
        Some(Self::begun(store, tables, Build::new(table, 1)).await)
    }

    /// The worker of another build than the first.
    pub(super) async fn rebuilding(&self, store: &'a Subject) -> Self {
        let number = self.tables.rebuild(self.build.table).await;
        let build = Build::new(self.build.table, number.expect("a rebuild is noted"));
        Self::begun(store, self.tables, build).await
    }

    async fn begun(store: &Subject, tables: &'a dyn Tables, build: Build<'static>) -> Self {
        let (name, owner) = (build.worker(), Uuid::now_v7());
        let lease = claimed(tables, &name, owner, LONG).await;
        let lease = lease.expect("the lease of a build that was just noted is free");
        assert_eq!(lease.cursor, Cursor::START, "a build begins at the start");
        let begun = tables.begin(build, lease, owner).await;
        assert!(begun.expect("a build begins"), "the lease is held");
        Self {
            tables,
            store_id: store.store_id(),
            build,
            name,
            owner,
            lease,
        }
    }

    /// A place in the log of the store.
    pub(super) fn at(&self, position: u64) -> Cursor {
        Cursor::after(self.store_id, Position::new(position))
    }

    /// Moves the checkpoint, and writes nothing.
    pub(super) fn flush(&self, to: u64) -> Flush<'_> {
        let (lease, cursor) = (self.lease, self.at(to));
        Flush::new(&self.name, self.build, lease, self.owner, LONG, cursor)
    }

    /// Whether something is written. The worker does not take the checkpoint for moved.
    pub(super) async fn is_written(&self, flush: Flush<'_>) -> bool {
        let written = self.tables.flush(flush).await;
        written.expect("a flush that fits is answered")
    }

    /// Writes rows and moves the checkpoint, which must go well.
    pub(super) async fn puts(&mut self, to: u64, rows: &[Row]) {
        let written = self.is_written(self.flush(to).put(rows)).await;
        assert!(written, "the lease is held, and the checkpoint is known");
        self.lease.cursor = self.at(to);
    }

    /// Asks for its lease again.
    pub(super) async fn claims(&self) -> Option<Lease> {
        claimed(self.tables, &self.name, self.owner, LONG).await
    }

    /// Asks for its lease until it is given.
    pub(super) async fn waits_for_lease(&mut self, owner: Uuid) {
        for _ in 0..TRIES {
            if let Some(lease) = claimed(self.tables, &self.name, owner, LONG).await {
                (self.lease, self.owner) = (lease, owner);
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("a lease that is free must be given");
    }

    pub(super) async fn gives_back(&self) {
        let given = self.tables.release(&self.name, self.lease, self.owner);
        given.await.expect("a lease is given back");
    }

    pub(super) async fn state(&self) -> BuildState {
        let builds = self.tables.builds(Some(self.build.table)).await;
        let mut builds = builds.expect("builds are known").into_iter();
        let state = builds.find(|state| state.worker == self.name);
        state.expect("the build is known")
    }

    /// The counts of its rows of these numbers, in the order of the numbers.
    pub(super) async fn counts(&self, tenant: TenantId, ids: &[u128]) -> Vec<i64> {
        let keys: Vec<Key> = ids.iter().map(|id| key(tenant, *id)).collect();
        let rows = self.tables.load(self.build, &keys).await;
        let mut rows = rows.expect("rows are loaded");
        rows.sort_by_key(|row| match row.cells.first() {
            Some(Cell::Id(id)) => *id,
            other => panic!("a key is an id, not {other:?}"),
        });
        rows.iter().map(|row| count(&row.cells)).collect()
    }

    pub(super) fn publish(&self, end: u64) -> Publish<'static> {
        Publish::new(self.build, self.lease, self.owner, self.at(end))
    }

    /// Publishes the build. Readers may be in the way for a moment.
    pub(super) async fn is_published(&mut self, end: u64) {
        for _ in 0..TRIES {
            match self.tables.publish(self.publish(end)).await {
                Ok(Published::Busy) => tokio::task::yield_now().await,
                Ok(Published::Done) => {
                    self.lease.published = true;
                    return;
                }
                other => panic!("a build that is as far as the log is published, not {other:?}"),
            }
        }
        panic!("a build must be published some time");
    }
}

/// Makes a table in the transaction of a checkpoint, or drops it.
pub(super) struct Making {
    pub(super) drops: bool,
    commits: bool,
    /// Whether it could, if it was asked.
    pub(super) asked: Option<Result<(), String>>,
}

impl Making {
    pub(super) const fn new(commits: bool) -> Self {
        Self {
            drops: false,
            commits,
            asked: None,
        }
    }
}

impl Beside for Making {
    fn write<'a>(&'a mut self, connection: Joinable<'a>) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let made: Result<(), String> = match connection {
                #[cfg(feature = "postgres")]
                Joinable::Postgres(connection) => {
                    let sql = match self.drops {
                        true => "DROP TABLE intent_read.conformance_beside",
                        false => "CREATE TABLE intent_read.conformance_beside (id bigint)",
                    };
                    let made = sqlx::raw_sql(sql).execute(connection).await;
                    made.map(drop).map_err(|error| error.to_string())
                }
                #[cfg(feature = "sqlite")]
                Joinable::Sqlite(connection) => {
                    let sql = match self.drops {
                        true => "DROP TABLE conformance_beside",
                        false => "CREATE TABLE conformance_beside (id INTEGER)",
                    };
                    let made = sqlx::raw_sql(sql).execute(connection).await;
                    made.map(drop).map_err(|error| error.to_string())
                }
                Joinable::None(_) => Err("no connection was lent".to_owned()),
            };
            let goes_well = made.is_ok();
            self.asked = Some(made);
            goes_well && self.commits
        })
    }
}

/// The counts that readers of a version see, in order.
pub(super) async fn read(tables: &dyn Tables, table: &Table, tenant: TenantId) -> Vec<i64> {
    let rows = tables.select(Select::new(table, tenant, "order by count", &[]));
    let rows = rows.await.expect("the rows of a published build are read");
    rows.iter().map(|cells| count(cells)).collect()
}

pub(super) fn key(tenant: TenantId, id: u128) -> Key {
    Key::new(tenant, vec![Cell::Id(Uuid::from_u128(id))])
}

fn count(cells: &[Cell]) -> i64 {
    match cells.get(2) {
        Some(Cell::Integer(count)) => *count,
        other => panic!("a count is an integer, not {other:?}"),
    }
}

/// A row of a tenant.
pub(super) fn row_of(tenant: TenantId, id: u128, count: i64) -> Row {
    let cells = vec![
        Cell::Id(Uuid::from_u128(id)),
        Cell::Text(format!("row {id}")),
        Cell::Integer(count),
        Cell::Float(0.5),
        Cell::Bool(true),
        Cell::Time(Timestamp::MIN),
        Cell::Json("[]".to_owned()),
        Cell::Null,
    ];
    Row::new(tenant, cells)
}

/// A row of the tenant that is there without being named.
pub(super) fn row(id: u128, count: i64) -> Row {
    row_of(TenantId::DEFAULT, id, count)
}
