//! The tables of read models, and the workers that write them: what the database of a store offers for them.

pub(crate) mod builds;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod drift;
pub(crate) mod inline;
pub(crate) mod select;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod select_text;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod text;

pub use builds::{Build, BuildState, Builds, Drift, Publish, Published, Skip, SkipEvent};
pub use select::{Page, PolicyDrift, Select, Wanted};

use std::time::Duration;

use futures_util::future::BoxFuture;
use uuid::Uuid;

pub use inline::{Duplicate, InlineRow};

use crate::{
    record::{
        access::AccessRule,
        column::{Cell, Column, ColumnKind},
        cursor::Cursor,
        id::{EventId, TenantId},
        timestamp::Timestamp,
        version::Position,
    },
    store::{
        error::StoreError,
        port::{Joinable, StoreFuture},
    },
};

/// Where the rows of read models are kept, each under its tenant.
///
/// A worker writes the rows of one model. It holds a lease, which another worker can take when it has run out. What it writes
/// goes into one transaction with its checkpoint, and only while the lease is its own and the checkpoint is the one that it
/// wrote last. So two workers that both believe to hold the lease never both write, and after a crash of the server a worker
/// finds out that its last write was lost.
pub trait Tables: Builds {
    /// Takes the leases of workers that are known, or renews them, each for itself. Those that another owner holds or that are
    /// paused are left out, and so may be one that somebody is writing at the moment.
    fn claim<'a>(&'a self, claim: Claim<'a>) -> StoreFuture<'a, Vec<(String, Lease)>>;

    /// Gives the lease back, if it is still held.
    fn release<'a>(&'a self, worker: &'a str, lease: Lease, owner: Uuid) -> StoreFuture<'a, ()>;

    /// The stored names of the events that a worker's rows are made of, as they were noted last; `None` before that.
    fn heard<'a>(&'a self, worker: &'a str) -> StoreFuture<'a, Option<String>>;

    /// Notes these names. `false` if other names are noted than those `before`.
    fn hear<'a>(
        &'a self,
        worker: &'a str,
        names: &'a str,
        before: Option<&'a str>,
    ) -> StoreFuture<'a, bool>;

    /// The tenants that a worker holds back.
    fn parked<'a>(&'a self, worker: &'a str) -> StoreFuture<'a, Vec<Parked>>;

    /// The rows of a build that have these keys; those that do not exist are left out.
    fn load<'a>(&'a self, build: Build<'a>, keys: &'a [Key]) -> StoreFuture<'a, Vec<Row>>;

    /// Writes rows and the checkpoint. `false` if the lease or the checkpoint is another one by now; then nothing is written.
    fn flush<'a>(&'a self, flush: Flush<'a>) -> StoreFuture<'a, bool>;

    /// Moves a checkpoint in one transaction with what `beside` writes. The checkpoint comes first, so `beside` is not asked where the
    /// lease or the checkpoint is another one by now. `false` if nothing is written, for that reason or because `beside` asked for
    /// it.
    ///
    /// # Errors
    /// [`StoreError::NoTransactions`] where the store lends no connection: see [`database`](Self::database).
    fn flush_beside<'a>(
        &'a self,
        flush: Flush<'a>,
        beside: &'a mut dyn Beside,
    ) -> StoreFuture<'a, bool> {
        let _ = (flush, beside);
        Box::pin(async { Err(StoreError::NoTransactions) })
    }

    /// The kind of database whose connection [`flush_beside`](Self::flush_beside) lends, if it lends one.
    fn database(&self) -> Option<Database> {
        None
    }

    /// A row among these whose value in a unique column is that of a row that is not among them.
    fn duplicate<'a>(
        &'a self,
        table: &'a Table,
        rows: &'a [Row],
    ) -> StoreFuture<'a, Option<Duplicate>>;

    /// Marks those of the rows with these keys that an earlier build of an inline model made: this build makes them anew. See
    /// [`InlineRow`]. It waits for transactions that write them.
    fn mark<'a>(&'a self, build: Build<'a>, keys: &'a [Key]) -> StoreFuture<'a, ()>;

    /// The keys of rows that an earlier build of an inline model made or marked, in their order, behind a key; at most so many.
    fn earlier<'a>(
        &'a self,
        build: Build<'a>,
        after: Option<&'a Key>,
        limit: u32,
    ) -> StoreFuture<'a, Vec<Key>>;

    /// Rows of one tenant, of the build that is published.
    fn select<'a>(&'a self, select: Select<'a>) -> StoreFuture<'a, Vec<Vec<Cell>>>;

    /// How the row policies of a table differ from those that its access rules ask for. A store without row policies has nothing
    /// to tell.
    fn policies<'a>(&'a self, build: Build<'a>) -> StoreFuture<'a, Vec<PolicyDrift>> {
        let _ = build;
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// The columns of a table of links.
const LINK_COLUMNS: &[Column] = &[
    Column::new("aggregate_id", ColumnKind::Id).key(),
    Column::new("keys", ColumnKind::Json),
];

/// What stands behind the name of a table of links.
const LINKS: &str = "_links";

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Database {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

/// What is written in one transaction with a checkpoint: see [`Tables::flush_beside`].
pub trait Beside: Send {
    /// Writes on a connection, in the transaction that is open there and that it does not end. `false` if all of it is to be rolled
    /// back. It may be asked again, in another transaction, when the first one was not committed.
    fn write<'a>(&'a mut self, connection: Joinable<'a>) -> BoxFuture<'a, bool>;
}

/// A version of a read model: what each of its builds has a table of. Without columns it has no rows, and its builds have a
/// checkpoint and no table: that is a [`Projection`](crate::Projection).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Table {
    /// The name of the model's table.
    pub name: &'static str,
    /// The version of its rules. Each version has tables of its own.
    pub version: u32,
    /// Its columns, those of the key first. The column `tenant_id` stands before them.
    pub columns: &'static [Column],
    /// Who may read its rows, beside the program itself.
    pub access: &'static [AccessRule],
    /// Whether its rows are written with the events that they follow from: see [`InlineRow`].
    pub inline: bool,
    /// The table of its links, if it has any: the keys that the events of an aggregate lead to. A build makes and drops it with its
    /// own table. Its rows are written with those of the model, and nobody but the worker reads them.
    pub links: Option<&'static Self>,
    /// What stands behind the name of each table: nothing, or that it has links.
    suffix: &'static str,
}

impl Table {
    /// A version of a read model, with its columns.
    pub const fn new(name: &'static str, version: u32, columns: &'static [Column]) -> Self {
        Self {
            name,
            version,
            columns,
            access: &[],
            inline: false,
            links: None,
            suffix: "",
        }
    }

    /// The table of the links of a version. Its columns are the aggregate's id, which is the key, and the keys as JSON.
    pub const fn links_of(name: &'static str, version: u32) -> Self {
        Self {
            suffix: LINKS,
            ..Self::new(name, version, LINK_COLUMNS)
        }
    }

    /// The same, with a table of links.
    #[must_use]
    pub const fn links(mut self, links: &'static Self) -> Self {
        self.links = Some(links);
        self
    }

    /// The same, which those whom the rules name may read.
    #[must_use]
    pub const fn access(mut self, rules: &'static [AccessRule]) -> Self {
        self.access = rules;
        self
    }

    /// Whether its builds have rows.
    pub const fn has_rows(&self) -> bool {
        !self.columns.is_empty()
    }

    /// The column of a name.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The same table for a model whose rows are written with the events that they follow from.
    #[must_use]
    pub const fn inline(mut self) -> Self {
        self.inline = true;
        self
    }

    /// The name of the view that shows the rows of this version, without schema and prefix. The one that shows those of the newest
    /// version has the name of the model.
    pub fn view(&self) -> String {
        format!("{}__{}", self.name, self.version)
    }

    /// The columns of the key.
    pub fn key(&self) -> &'static [Column] {
        let count = self.columns.iter().take_while(|column| column.key).count();
        &self.columns[..count]
    }
}

/// Asks for the leases of workers.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Claim<'a> {
    /// The names of the workers.
    pub workers: &'a [String],
    /// Who asks.
    pub owner: Uuid,
    /// How long a lease is to last.
    pub lasts: Duration,
}

impl<'a> Claim<'a> {
    /// Asks for the leases of workers for so long.
    pub const fn new(workers: &'a [String], owner: Uuid, lasts: Duration) -> Self {
        Self {
            workers,
            owner,
            lasts,
        }
    }
}

/// A lease that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// How often the lease has changed hands.
    pub epoch: i64,
    /// Up to where the rows are written.
    pub cursor: Cursor,
    /// Whether the build is published.
    pub published: bool,
    /// The last event that the rows are made of.
    pub last: Option<LastEvent>,
}

impl Lease {
    /// A lease, with the worker's checkpoint.
    pub const fn new(epoch: i64, cursor: Cursor, published: bool, last: Option<LastEvent>) -> Self {
        Self {
            epoch,
            cursor,
            published,
            last,
        }
    }
}

/// The last event that rows are made of. If another one is at its position, the log is not the one that they are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastEvent {
    /// Where it is in the log.
    pub position: Position,
    /// The event.
    pub id: EventId,
}

impl LastEvent {
    /// The event at a position.
    pub const fn new(position: Position, id: EventId) -> Self {
        Self { position, id }
    }
}

/// A tenant that is held back, since one of its events could not be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parked {
    /// The tenant.
    pub tenant: TenantId,
    /// Up to where its rows are written.
    pub after: Cursor,
    /// The event.
    pub event: EventId,
    /// Why it could not be applied.
    pub reason: String,
    /// Since when, if the store says so.
    pub since: Option<Timestamp>,
}

impl Parked {
    /// A tenant whose rows are written up to here, with the event that could not be applied and why.
    pub const fn new(tenant: TenantId, after: Cursor, event: EventId, reason: String) -> Self {
        Self {
            tenant,
            after,
            event,
            reason,
            since: None,
        }
    }

    /// Whether it is the same tenant, held back by the same event.
    pub fn holds_back_as(&self, other: &Self) -> bool {
        (self.tenant, self.event) == (other.tenant, other.event)
    }
}

/// The key of a row: its tenant, and a cell for each column of the key.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Key {
    /// The tenant.
    pub tenant: TenantId,
    /// The cells.
    pub cells: Vec<Cell>,
}

impl Key {
    /// The key with these cells in a tenant.
    pub const fn new(tenant: TenantId, cells: Vec<Cell>) -> Self {
        Self { tenant, cells }
    }

    /// About how many bytes it has.
    pub(crate) fn bytes(&self) -> usize {
        let cell = |cell: &Cell| match cell {
            Cell::Text(text) | Cell::Json(text) => text.len(),
            _ => size_of::<Cell>(),
        };
        self.cells.iter().map(cell).sum()
    }
}

/// A row: its tenant, and a cell for each column.
pub type Row = Key;

/// What a worker writes at once.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Flush<'a> {
    /// The worker.
    pub worker: &'a str,
    /// Its build.
    pub build: Build<'a>,
    /// Its lease, with the checkpoint that it wrote last.
    pub lease: Lease,
    /// Who holds the lease.
    pub owner: Uuid,
    /// How long the lease is to last from now on.
    pub lasts: Duration,
    /// The names of events that the worker knows as noted. If others are noted, nothing is written: another build hears more.
    pub heard: Option<&'a str>,
    /// The new checkpoint.
    pub cursor: Cursor,
    /// The last event that the rows are made of then; `None` if it is still the same.
    pub last: Option<LastEvent>,
    /// The rows that are there now, in the place of those with the same keys.
    pub put: &'a [Row],
    /// The rows that are gone.
    pub gone: &'a [Key],
    /// The links that are there now, and those that are gone: rows of [`Table::links`].
    pub put_links: &'a [Row],
    /// See [`put_links`](Self::put_links).
    pub gone_links: &'a [Key],
    /// The tenants that are held back from now on, or from another event on.
    pub park: &'a [Parked],
    /// The tenants that are held back no longer.
    pub resume: &'a [TenantId],
}

impl<'a> Flush<'a> {
    /// Moves the checkpoint of a worker, and writes no row.
    pub const fn new(
        worker: &'a str,
        build: Build<'a>,
        lease: Lease,
        owner: Uuid,
        lasts: Duration,
        cursor: Cursor,
    ) -> Self {
        Self {
            worker,
            build,
            lease,
            owner,
            lasts,
            heard: None,
            cursor,
            last: None,
            put: &[],
            gone: &[],
            put_links: &[],
            gone_links: &[],
            park: &[],
            resume: &[],
        }
    }

    /// Also writes these rows.
    #[must_use]
    pub const fn put(mut self, rows: &'a [Row]) -> Self {
        self.put = rows;
        self
    }
}
