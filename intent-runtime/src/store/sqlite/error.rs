//! Errors of SQLite as errors of the store, told apart by result code, never by text.

use std::{error::Error, fmt, path::Path, sync::Arc};

use crate::store::{
    append::Append,
    error::{Cause, StoreError},
    overtaken::Overtaken,
    run_error,
};

/// Result codes, primary ones unless they say otherwise, as <https://www.sqlite.org/rescode.html> lists them.
mod code {
    pub(super) const ERROR: i32 = 1;
    pub(super) const PERM: i32 = 3;
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const READONLY: i32 = 8;
    pub(super) const IOERR: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANTOPEN: i32 = 14;
    pub(super) const TOOBIG: i32 = 18;
    pub(super) const CONSTRAINT: i32 = 19;
    pub(super) const NOTADB: i32 = 26;

    /// The extended code of a transaction that would write and has read what another one has changed since.
    pub(super) const BUSY_SNAPSHOT: i32 = 517;
}

/// The database in the words of its errors: the name of its file.
#[derive(Clone, Debug)]
pub(super) struct Place(Arc<str>);

impl Place {
    pub(super) fn of(path: &Path) -> Self {
        Self(path.display().to_string().into())
    }

    /// What an error of SQLite is to a caller of the store.
    pub(super) fn error(&self, error: impl Into<Failure>) -> StoreError {
        let failure = error.into();
        let kind = failure.kind();
        let place = self.to_string();
        let source: Cause = Box::new(failure);
        match kind {
            Kind::Closed => StoreError::Closed,
            Kind::Busy => StoreError::Busy { place, source },
            Kind::Overtaken => StoreError::Busy {
                place,
                source: Box::new(Overtaken::new(
                    "the transaction has read what another one has changed since: end it, and begin a new one with `BEGIN IMMEDIATE`",
                    source,
                )),
            },
            Kind::ReadOnly => StoreError::ReadOnly { place, source },
            Kind::Full => StoreError::Full { place, source },
            Kind::NotADatabase => StoreError::NotADatabase { place, source },
            Kind::Unavailable | Kind::Io | Kind::Lost => StoreError::Unavailable { place, source },
            Kind::Refused | Kind::Statement | Kind::Other => StoreError::Backend { place, source },
        }
    }

    /// The same for an error of COMMIT. When the medium failed, the pages of the transaction may be in the log
    /// already, and a restart would then find them: that outcome is unknown. After any other error nothing is stored.
    pub(super) fn commit_error(&self, append: &Append, failure: Failure) -> StoreError {
        match failure.kind() {
            Kind::Io | Kind::Lost => append.unknown_outcome(failure),
            _ => self.error(failure),
        }
    }

    /// The same for the COMMIT of a transaction of several appends.
    pub(super) fn transaction_error(&self, error: sqlx::Error) -> StoreError {
        let failure = Failure::from(error);
        match failure.kind() {
            Kind::Io | Kind::Lost => StoreError::UnknownCommit {
                place: self.to_string(),
                source: Box::new(failure),
            },
            _ => self.error(failure),
        }
    }

    pub(super) fn foreign(&self, table: &str) -> StoreError {
        StoreError::ForeignTable {
            place: self.to_string(),
            table: table.to_owned(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why work on a connection of SQLite ended early.
pub(super) type RunError = run_error::RunError<Failure>;

impl RunError {
    /// The error of the store for the database at a place.
    pub(super) fn at(self, place: &Place) -> StoreError {
        match self {
            Self::Failure(failure) => place.error(failure),
            Self::Error(error) => error,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Closed,
    /// Another connection holds a lock, or all connections are taken.
    Busy,
    /// The transaction has read what another one has changed since, and so can never write.
    Overtaken,
    ReadOnly,
    Full,
    /// The file is something else, or damaged.
    NotADatabase,
    Unavailable,
    /// Reading or writing the file failed.
    Io,
    /// The connection's thread is gone.
    Lost,
    /// A row broke a constraint or a limit: the fault of one append, not of the database.
    Refused,
    /// A statement does not fit what is there: a rollback without a transaction, a column that does not exist, text that is
    /// not JSON.
    Statement,
    Other,
}

/// An error of SQLite, shared by the callers that it concerns.
#[derive(Clone, Debug)]
pub(super) struct Failure(Arc<sqlx::Error>);

impl Failure {
    pub(super) fn kind(&self) -> Kind {
        let database = match &*self.0 {
            sqlx::Error::Database(database) => database,
            sqlx::Error::PoolClosed => return Kind::Closed,
            sqlx::Error::PoolTimedOut => return Kind::Busy,
            sqlx::Error::WorkerCrashed => return Kind::Lost,
            sqlx::Error::Io(_) => return Kind::Unavailable,
            _ => return Kind::Other,
        };
        let extended: Option<i32> = database.code().and_then(|code| code.parse().ok());
        if extended == Some(code::BUSY_SNAPSHOT) {
            return Kind::Overtaken;
        }
        // The low byte of an extended code is its primary code.
        match extended.map(|code| code & 0xff) {
            Some(code::BUSY | code::LOCKED) => Kind::Busy,
            Some(code::READONLY) => Kind::ReadOnly,
            Some(code::FULL) => Kind::Full,
            Some(code::NOTADB | code::CORRUPT) => Kind::NotADatabase,
            Some(code::CANTOPEN | code::PERM) => Kind::Unavailable,
            Some(code::IOERR) => Kind::Io,
            Some(code::CONSTRAINT | code::TOOBIG) => Kind::Refused,
            Some(code::ERROR) => Kind::Statement,
            _ => Kind::Other,
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self(Arc::new(error))
    }
}

// sqlx includes the text of a cause in its own, so there is no separate source.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            sqlx::Error::Database(database) => database.fmt(f),
            error => error.fmt(f),
        }
    }
}

impl Error for Failure {}
