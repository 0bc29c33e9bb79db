//! What can go wrong in a store.

use std::fmt;

use crate::{
    record::{
        cursor::Cursor, id::CommandId, metadata::MetadataError, stream::StreamId, version::Version,
    },
    store::{append::Expect, import::ImportRefusal, invalid::InvalidAppend, overtaken::Overtaken},
};

/// The cause a store error keeps.
pub type Cause = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Why a store did not do what it was asked. Unless a variant says otherwise, nothing was written.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another append was there first. Handling: load again, decide again.
    #[error(
        "{stream} is at version {actual}{}, the append expected {expected}",
        other_event(*expected, *actual)
    )]
    Conflict {
        /// Which stream.
        stream: StreamId,
        /// What the append expected.
        expected: Expect,
        /// The version found. If it is as expected, the last event is another one than expected.
        actual: Version,
    },
    /// A list of aggregates cannot begin after an aggregate that does not exist. Handling: pass one that was listed.
    #[error("the list cannot go on behind {stream}, which does not exist")]
    UnknownStream {
        /// Which one.
        stream: StreamId,
    },
    /// The stream belongs to another type of aggregate. Handling: check where the id came from.
    #[error("{stream} cannot be used: the id belongs to the type {found}")]
    WrongAggregate {
        /// Which stream was asked for.
        stream: StreamId,
        /// The aggregate type it was made with.
        found: String,
    },
    /// A row of an inline read model has a value that another row of the tenant has, in a column where no two rows have the same.
    /// Nothing was stored. Handling: choose another value.
    #[error("the `{field}` of {stream} in `{model}` is taken: another row has the same")]
    Taken {
        /// The stream whose row was refused.
        stream: StreamId,
        /// The table of the read model.
        model: &'static str,
        /// The column.
        field: &'static str,
    },
    /// The command id was used before, for another aggregate. Handling: give every command an id of its own.
    #[error("command id {command_id} was used before, for {used_for}")]
    CommandIdReused {
        /// The id.
        command_id: CommandId,
        /// The aggregate it was used for.
        used_for: StreamId,
    },
    /// The append breaks a limit that every store keeps. Handling: see [`InvalidAppend`].
    #[error("the append to {stream} is refused")]
    Invalid {
        /// Which stream.
        stream: StreamId,
        /// Which limit.
        source: InvalidAppend,
    },
    /// An event that was recorded elsewhere contradicts what is stored. Nothing of its page was written. Handling: see
    /// [`ImportRefusal`].
    #[error("event {version} of {stream} cannot be imported")]
    ImportRefused {
        /// Which stream.
        stream: StreamId,
        /// The version of the event.
        version: Version,
        /// What it contradicts.
        source: ImportRefusal,
    },
    /// The connection was lost during the commit: the events were stored once, or not at all. Handling: append again under the
    /// same command id and version; the dispatcher does.
    #[error(
        "whether the append of command {command_id} to {stream} was committed is unknown: send it again under the same command id"
    )]
    UnknownOutcome {
        /// The command, to send it again under this id or to look up what it stored.
        command_id: CommandId,
        /// Which stream.
        stream: StreamId,
        /// What broke.
        source: Cause,
    },
    /// The medium is full. Handling: make room, then send again.
    #[error("the disk that holds `{place}` is full: make room, then send again")]
    Full {
        /// Which database.
        place: String,
        /// What the database said.
        source: Cause,
    },
    /// The database can be read, not written: a replica, or one without write access. Handling: connect to the primary, or
    /// give the process write access.
    #[error("`{place}` is read-only: write to the primary, or give this process write access")]
    ReadOnly {
        /// Which database.
        place: String,
        /// What the database said.
        source: Cause,
    },
    /// Another process held the database too long, or too many appends wait; the cause says which. Handling: send again. If the
    /// cause is [`Overtaken`], do all of the transaction again in a new one.
    #[error(fmt = busy)]
    Busy {
        /// Which database.
        place: String,
        /// What the database said.
        source: Cause,
    },
    /// A statement or a transaction ran into a time limit that the database sets. Handling: raise the one that the cause
    /// names, such as `statement_timeout`, or send again.
    #[error(
        "`{place}` gave up a statement or transaction that took too long: raise `statement_timeout`, or the limit that the cause \
         names"
    )]
    TimedOut {
        /// Which database.
        place: String,
        /// What the database said.
        source: Cause,
    },
    /// The database refused the log-in. Handling: as it says.
    #[error("`{place}` refused the log-in: {hint}")]
    Unauthenticated {
        /// Which database.
        place: String,
        /// What to do, by what was refused.
        hint: &'static str,
        /// What the database said.
        source: Cause,
    },
    /// The server has no database of this name. Handling: create it, or correct the URL.
    #[error(
        "the database `{place}` does not exist: create it with `CREATE DATABASE`, or correct the URL"
    )]
    NoDatabase {
        /// Which database.
        place: String,
        /// What the database said.
        source: Cause,
    },
    /// The URL or the pool asks for an encrypted connection, which cannot be made. Handling: as it says.
    #[error("`{place}` cannot be reached over an encrypted connection: {hint}")]
    NoTls {
        /// Which database.
        place: String,
        /// What to do.
        hint: &'static str,
        /// What was missing.
        source: Cause,
    },
    /// The role has not the rights it needs. Handling: `SELECT intent.grant_app('ROLE')`, as the owner of the tables.
    #[error(
        "`{place}` does not let this role do that: the owner lets it append and read with `SELECT intent.grant_app('ROLE')`, and read the log of all tenants with `SELECT intent.grant_reader('ROLE')`"
    )]
    Forbidden {
        /// Which database.
        place: String,
        /// What the database said.
        source: Cause,
    },
    /// The role may do more than strict tenancy allows. Handling: connect as another role.
    #[error(
        "`{place}` has a role that {what}, which strict tenancy refuses: connect as a role of its own, given its rights with `SELECT intent.grant_app('ROLE')`"
    )]
    TooManyRights {
        /// Which database.
        place: String,
        /// What the role may do.
        what: &'static str,
    },
    /// The server has no connection left, or all of the pool's were taken for longer than it waits. Handling: raise the
    /// `max_connections` of the one that the cause names, or hold fewer.
    #[error(
        "`{place}` has no connection left: raise `max_connections` of the server or the pool, or hold fewer open"
    )]
    NoConnection {
        /// Which database.
        place: String,
        /// What the database said.
        source: Cause,
    },
    /// The tables are missing or older than this build needs, and this role may not make them. Handling: call
    /// [`migrate`](crate::store::migrate) as a role that may, or run the SQL that `PgStore::migration_sql(found)` gives.
    #[error(
        "`{place}` has schema version {found} and needs {known}: migrate it as a role that may create the schema `intent`, or \
         run the SQL of `PgStore::migration_sql({found})`"
    )]
    NotMigrated {
        /// Which database.
        place: String,
        /// The version found; 0 when there is none.
        found: i64,
        /// The version this build needs.
        known: i64,
        /// What kept this role from making them, if that was tried.
        source: Option<Cause>,
    },
    /// Parts of the schema are missing, or this role has not the rights that it needs on them. Handling: run the statements
    /// as the owner of the schema; lost events come back from a backup only.
    #[error("`{place}` lacks {missing}: run as the owner of the schema `intent`: {mend}")]
    Incomplete {
        /// Which database.
        place: String,
        /// What is missing, by name, separated by commas.
        missing: String,
        /// The statements that make and grant it, for the owner to run.
        mend: String,
    },
    /// The database, or what stands before it, cannot keep the store's promises. Handling: as it says.
    #[error("`{place}` is {what}")]
    Unsupported {
        /// Which database.
        place: String,
        /// What it is.
        what: &'static str,
    },
    /// The file is not a database of this kind, or is damaged. Nothing in it was touched.
    #[error("`{place}` is not a SQLite database, or is damaged")]
    NotADatabase {
        /// Which file.
        place: String,
        /// What the database said.
        source: Cause,
    },
    /// The database holds tables with our names that are not ours. Nothing in it was touched.
    #[error("`{place}` has a table `{table}` that this library did not make")]
    ForeignTable {
        /// Which database.
        place: String,
        /// Which table.
        table: String,
    },
    /// A newer version of this library migrated the database, and this one cannot work with what it made. Handling: deploy
    /// that version.
    #[error(
        "`{place}` has schema version {found}, which this build does not understand: it knows versions up to {known}"
    )]
    NewerSchema {
        /// Which database.
        place: String,
        /// The version found.
        found: i64,
        /// The newest version this build knows.
        known: i64,
    },
    /// A stored row breaks a rule of the store. Handling: restore it from a backup; what is damaged is named.
    #[error("the stored data of {stream} is damaged: {what}")]
    Corrupt {
        /// Which stream.
        stream: StreamId,
        /// What is wrong.
        what: String,
    },
    /// The metadata of a stored event cannot be read. Handling: see [`MetadataError`](crate::error::MetadataError).
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The database cannot be opened or reached. Handling: check the path or address, and that it is up.
    #[error("`{place}` cannot be opened or reached: check the path or address, and that it is up")]
    Unavailable {
        /// Which database.
        place: String,
        /// What the database said.
        source: Cause,
    },
    /// The server is there, and takes no connections now: it is starting up, recovering or shutting down. Handling: try
    /// again in a moment; a standby without `hot_standby` takes none until it is promoted.
    #[error(
        "`{place}` takes no connections while it starts up, recovers or shuts down: try again in a moment"
    )]
    NotReady {
        /// Which database.
        place: String,
        /// What the database said.
        source: Cause,
    },
    /// The log cannot be resumed from this cursor: it belongs to another store, or this one was restored to an earlier state.
    /// Handling: find out which store it came from, or read from the start.
    #[error("the log cannot be read from {cursor}: {what}")]
    UnknownCursor {
        /// The cursor.
        cursor: Cursor,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A filter names an event that none of its aggregates lists, so the event would never come. Handling: add the aggregate to
    /// the domain, or correct the filter.
    #[error("the log cannot be filtered: {what}")]
    InvalidFilter {
        /// Which event.
        what: String,
    },
    /// The URL names no store this build has, or cannot be read. Handling: as it says.
    #[error("`{url}` cannot be used: {hint}")]
    UnknownUrl {
        /// The URL.
        url: String,
        /// What would do.
        hint: String,
    },
    /// The store has no transactions, or none of the kind that was given. Handling: begin one with
    /// [`App::transaction`](crate::Tenant::transaction), or on a connection to the database of the app.
    #[error(
        "the store cannot take part in this transaction: begin one with `app.transaction()`, or on a connection to the \
         database that the app is on"
    )]
    NoTransactions,
    /// The store keeps no rows of read models. Handling: put the app on SQLite or Postgres; the store in memory keeps them with the
    /// feature `sqlite`.
    #[error("the store keeps no rows of read models: use SQLite or Postgres")]
    NoTables,
    /// The table of a read model is another one than the model's: somebody altered it, or the model's columns were changed
    /// without a new version. Handling: give the model a new `version`, or restore the table.
    #[error("the table `{table}` of `{place}` is not the read model's: {what}")]
    TableDrift {
        /// Where the table is.
        place: String,
        /// The table.
        table: String,
        /// What differs.
        what: String,
    },
    /// What a read model's table has was not written by a worker. Handling: rebuild the model with
    /// [`App::rebuild`](crate::App::rebuild).
    #[error("what a read model's table in `{place}` has cannot be read: {what}")]
    CorruptTable {
        /// Where the table is.
        place: String,
        /// What was found.
        what: String,
    },
    /// No transaction is open on the connection, or one that was begun by SQL. Handling: begin one with `begin()` of sqlx.
    #[error(
        "no transaction that sqlx knows of is open on the connection: begin one with `begin()`, not by SQL"
    )]
    NotInTransaction,
    /// The connection was lost during the commit of a transaction: all of it was stored, or nothing. Handling: send all its
    /// commands again under the same command ids, in another transaction.
    #[error(
        "whether the transaction was committed to `{place}` is unknown: send all of it again under the same command ids"
    )]
    UnknownCommit {
        /// Which database.
        place: String,
        /// What broke.
        source: Cause,
    },
    /// The transaction that was to be joined is not one of the store's database. Handling: begin it on the pool of the app's
    /// store.
    #[error(
        "the transaction is not one of `{place}`: begin it on the pool of the app's store (`store.pool()`)"
    )]
    OtherDatabase {
        /// The store's database.
        place: String,
    },
    /// The store was closed, or the runtime that it was opened on has ended. Handling: open it again.
    #[error("the store is closed")]
    Closed,
    /// The database refused a statement for another reason.
    #[error("`{place}` refused a statement")]
    Backend {
        /// Which database.
        place: String,
        /// What the database said.
        source: Cause,
    },
}

crate::record::sentence::debug!(StoreError);

/// Who or what can end a [`StoreError`], and so whether to try again: see [`StoreError::kind`].
///
/// It is one of these three, and code that retries says what it does for each. So the enum is closed: a fourth kind would need
/// an answer from every such code, and the compiler should ask for it. New errors are variants of [`StoreError`], which can grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoreErrorKind {
    /// Time ends it, or an operator who makes room or brings a server back. The same call may succeed later: try again, and
    /// wait longer each time.
    Transient,
    /// Another configuration, schema, role, database or build ends it. Until then the same call fails: stop, and call an
    /// operator.
    Lasting,
    /// The caller must ask for something else. The store is well, and cannot do what this request asks.
    Caller,
}

impl StoreError {
    /// Whether the error is transient, lasting or the caller's: see [`StoreErrorKind`]. Code that retries asks this.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::UnknownOutcome { .. }
            | Self::UnknownCommit { .. }
            | Self::Full { .. }
            | Self::ReadOnly { .. }
            | Self::Busy { .. }
            | Self::TimedOut { .. }
            | Self::NoConnection { .. }
            | Self::Unavailable { .. }
            | Self::NotReady { .. } => StoreErrorKind::Transient,
            Self::Unauthenticated { .. }
            | Self::NoDatabase { .. }
            | Self::NoTls { .. }
            | Self::Forbidden { .. }
            | Self::TooManyRights { .. }
            | Self::NotMigrated { .. }
            | Self::Incomplete { .. }
            | Self::Unsupported { .. }
            | Self::NotADatabase { .. }
            | Self::ForeignTable { .. }
            | Self::NewerSchema { .. }
            | Self::Corrupt { .. }
            | Self::CorruptTable { .. }
            | Self::TableDrift { .. }
            | Self::Metadata(_)
            | Self::UnknownUrl { .. }
            | Self::Closed
            | Self::Backend { .. } => StoreErrorKind::Lasting,
            Self::Conflict { .. }
            | Self::Taken { .. }
            | Self::WrongAggregate { .. }
            | Self::CommandIdReused { .. }
            | Self::Invalid { .. }
            | Self::ImportRefused { .. }
            | Self::UnknownCursor { .. }
            | Self::UnknownStream { .. }
            | Self::NoTransactions
            | Self::NoTables
            | Self::NotInTransaction
            | Self::OtherDatabase { .. }
            | Self::InvalidFilter { .. } => StoreErrorKind::Caller,
        }
    }
}

fn busy(place: &str, source: &Cause, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if source.is::<Overtaken>() {
        return write!(f, "a transaction on `{place}` was overtaken by another one");
    }
    write!(
        f,
        "`{place}` is kept busy by another process or an open transaction: send again"
    )
}

/// The text for a conflict in which only the event at the expected version is another one.
fn other_event(expected: Expect, actual: Version) -> &'static str {
    if expected.allows(actual) {
        " with another event there"
    } else {
        ""
    }
}
