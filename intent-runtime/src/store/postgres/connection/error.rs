//! Errors of Postgres as errors of the store. They are told apart by SQLSTATE and by the operation, never by text, which is
//! in the server's language.

use std::{error::Error, fmt, io, sync::Arc};

use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgSeverity};
use tokio::task::JoinError;

use crate::store::{
    append::Append,
    error::{Cause, StoreError},
    overtaken::Overtaken,
    postgres::schema,
    run_error,
    tables::inline::ROW_BUILD,
};

/// SQLSTATE codes, as <https://www.postgresql.org/docs/current/errcodes-appendix.html> lists them.
mod code {
    pub(crate) const PROTOCOL_VIOLATION: &str = "08P01";
    pub(crate) const FEATURE_NOT_SUPPORTED: &str = "0A000";
    pub(crate) const INVALID_AUTHORIZATION: &str = "28000";
    pub(crate) const INVALID_PASSWORD: &str = "28P01";
    pub(crate) const INVALID_CATALOG_NAME: &str = "3D000";
    pub(crate) const INVALID_SCHEMA_NAME: &str = "3F000";
    pub(crate) const ACTIVE_TRANSACTION: &str = "25001";
    pub(crate) const READ_ONLY_TRANSACTION: &str = "25006";
    pub(crate) const FAILED_TRANSACTION: &str = "25P02";
    pub(crate) const IDLE_IN_TRANSACTION_TIMEOUT: &str = "25P03";
    pub(crate) const TRANSACTION_TIMEOUT: &str = "25P04";
    pub(crate) const INVALID_STATEMENT_NAME: &str = "26000";
    pub(crate) const DUPLICATE_STATEMENT: &str = "42P05";
    pub(crate) const SERIALIZATION_FAILURE: &str = "40001";
    pub(crate) const COMPLETION_UNKNOWN: &str = "40003";
    pub(crate) const DEADLOCK: &str = "40P01";
    pub(crate) const NOT_NULL_VIOLATION: &str = "23502";
    pub(crate) const UNIQUE_VIOLATION: &str = "23505";
    pub(crate) const DEPENDENT_OBJECTS: &str = "2BP01";
    pub(crate) const INSUFFICIENT_PRIVILEGE: &str = "42501";
    pub(crate) const UNDEFINED_COLUMN: &str = "42703";
    pub(crate) const UNDEFINED_FUNCTION: &str = "42883";
    pub(crate) const UNDEFINED_TABLE: &str = "42P01";
    pub(crate) const DISK_FULL: &str = "53100";
    pub(crate) const OUT_OF_MEMORY: &str = "53200";
    pub(crate) const TOO_MANY_CONNECTIONS: &str = "53300";
    pub(crate) const LOCK_NOT_AVAILABLE: &str = "55P03";
    pub(crate) const QUERY_CANCELED: &str = "57014";
    pub(crate) const CANNOT_CONNECT_NOW: &str = "57P03";
}

/// The functions of the server that refuse a log-in. They tell errors of one code apart: an error names its function, in every
/// language.
mod routine {
    pub(crate) const FINDS_ROLE: &str = "InitializeSessionUserId";
    pub(crate) const FINDS_HBA_LINE: &str = "ClientAuthentication";
}

/// The schema of the tables of read models.
const READ_SCHEMA: &str = "intent_read";

/// Where the database is, as errors name it: without user or password.
#[derive(Clone, Debug)]
pub(crate) struct Place(Arc<str>);

impl Place {
    pub(crate) fn of(options: &PgConnectOptions) -> Self {
        let host = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None if options.get_host().contains(':') => {
                format!("[{}]:{}", options.get_host(), options.get_port())
            }
            None => format!("{}:{}", options.get_host(), options.get_port()),
        };
        let database = options
            .get_database()
            .unwrap_or_else(|| options.get_username());
        Self(format!("{host}/{database}").into())
    }

    /// What an error of Postgres is to a caller of the store.
    pub(crate) fn error(&self, error: impl Into<Failure>) -> StoreError {
        let failure = error.into();
        let (kind, log_in) = (failure.kind(), failure.log_in_hint());
        let timed_out = failure.ran_out_of_time();
        let place = self.to_string();
        let source: Cause = Box::new(failure);
        match kind {
            Kind::Closed => StoreError::Closed,
            Kind::Contended => StoreError::Busy { place, source },
            Kind::Canceled => StoreError::TimedOut { place, source },
            Kind::ReadOnly => StoreError::ReadOnly { place, source },
            Kind::Full => StoreError::Full { place, source },
            Kind::Lost if timed_out => StoreError::TimedOut { place, source },
            Kind::Unavailable | Kind::Lost => StoreError::Unavailable { place, source },
            Kind::NotReady => StoreError::NotReady { place, source },
            Kind::Unauthenticated => StoreError::Unauthenticated {
                place,
                hint: log_in,
                source,
            },
            Kind::NoDatabase => StoreError::NoDatabase { place, source },
            Kind::NoTls => StoreError::NoTls {
                place,
                hint: if cfg!(feature = "postgres-tls") {
                    "switch on `ssl` on the server, and give `sslrootcert` the certificate that signed its own, or connect with \
                     `sslmode=prefer`"
                } else {
                    "enable the feature `postgres-tls` of intent-runtime, or connect with `sslmode=prefer`"
                },
                source,
            },
            Kind::Forbidden => StoreError::Forbidden { place, source },
            Kind::NoConnection | Kind::NoneOfThePool => StoreError::NoConnection { place, source },
            Kind::NoSchema => StoreError::NotMigrated {
                place,
                found: 0,
                known: schema::KNOWN,
                source: Some(source),
            },
            Kind::Pooler => self.forgetful(),
            Kind::Taken | Kind::InTransaction | Kind::Other => {
                StoreError::Backend { place, source }
            }
        }
    }

    /// The same for an append that was sent: if the connection broke, its outcome is unknown.
    pub(crate) fn append_error(&self, append: &Append, failure: &Failure) -> StoreError {
        if failure.kind() == Kind::Lost {
            return append.unknown_outcome(failure.clone());
        }
        self.rows_error(append, failure.clone())
    }

    /// The same for an append in a transaction, whose outcome the commit decides.
    pub(crate) fn rows_error(&self, append: &Append, failure: Failure) -> StoreError {
        let taken = failure.taken_in(append);
        taken.unwrap_or_else(|| self.error(failure))
    }

    /// The error for a caller who may try again.
    pub(crate) fn busy(&self, source: impl Into<Cause>) -> StoreError {
        StoreError::Busy {
            place: self.to_string(),
            source: source.into(),
        }
    }

    /// The error for an append in a transaction that cannot see what overtook it.
    pub(crate) fn overtaken(&self, failure: Failure) -> StoreError {
        self.busy(Overtaken::new(
            "the transaction cannot see what another one has changed since it began: end it, and begin a new one",
            failure,
        ))
    }

    /// The error for a task of the store's own that panicked or whose runtime has ended.
    pub(crate) fn ended(&self, failed: JoinError) -> StoreError {
        StoreError::Backend {
            place: self.to_string(),
            source: Box::new(failed),
        }
    }

    /// The error for a pooler that forgets the prepared statements of its clients.
    pub(crate) fn forgetful(&self) -> StoreError {
        StoreError::Unsupported {
            place: self.to_string(),
            what: "a connection pooler that forgets prepared statements; use PgBouncer 1.21 or later with \
                   max_prepared_statements above 0, session pooling, or a direct connection",
        }
    }

    pub(crate) fn foreign(&self, table: &str) -> StoreError {
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

/// Why work on a connection of Postgres ended early.
pub(crate) type RunError = run_error::RunError<Failure>;

impl RunError {
    /// The error of the store for the database at a place.
    pub(crate) fn at(self, place: &Place) -> StoreError {
        match self {
            Self::Failure(failure) => place.error(failure),
            Self::Error(error) => error,
        }
    }
}

impl From<Failure> for RunError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Closed,
    /// Another transaction used the same rows: a unique key, a lock, a deadlock, a serialization failure.
    Contended,
    /// A row of an inline model has a value that another one has, or is being made anew.
    Taken,
    /// A statement ran into a time limit, or was cancelled.
    Canceled,
    /// A replica, or a database set to read-only.
    ReadOnly,
    /// The server's disk or memory is full.
    Full,
    /// The server cannot be reached.
    Unavailable,
    /// The server is starting up, recovering or shutting down.
    NotReady,
    /// The connection broke in the middle.
    Lost,
    /// The connection is inside a transaction, where the statement could do nothing.
    InTransaction,
    Unauthenticated,
    NoDatabase,
    /// An encrypted connection was asked for and is not available.
    NoTls,
    /// The role lacks the right to do it.
    Forbidden,
    /// The server has no connection left.
    NoConnection,
    /// The pool had no connection to give in time. It does not say why it could not open one.
    NoneOfThePool,
    /// A table, column or function of ours is not there.
    NoSchema,
    /// A pooler gave us another server connection between preparing a statement and running it.
    Pooler,
    Other,
}

impl Kind {
    /// Whether it is independent of the request, so that others would fail too.
    pub(crate) fn fails_all(self) -> bool {
        matches!(
            self,
            Self::ReadOnly
                | Self::Full
                | Self::Unavailable
                | Self::NotReady
                | Self::Unauthenticated
                | Self::NoDatabase
                | Self::NoTls
                | Self::NoConnection
                | Self::NoSchema
                | Self::Pooler
        )
    }
}

/// An error of Postgres, shared by the callers that it concerns.
#[derive(Clone)]
pub(crate) struct Failure {
    error: Arc<sqlx::Error>,
    /// Whether the failure came before any statement was sent.
    unconnected: bool,
}

impl Failure {
    /// The error of an attempt to connect: no statement was sent, so no outcome is unknown.
    pub(crate) fn unconnected(error: sqlx::Error) -> Self {
        Self {
            error: Arc::new(error),
            unconnected: true,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self.kind_of_error() {
            Kind::Lost if self.unconnected => Kind::Unavailable,
            Kind::Forbidden if self.unconnected => Kind::Unauthenticated,
            kind => kind,
        }
    }

    /// Whether the connection is useless from now on: it is dead, leads to a server that no longer takes writes, or is in a
    /// state that it should not be in.
    pub(crate) fn ends_connection(&self) -> bool {
        matches!(
            self.kind(),
            Kind::Lost | Kind::Unavailable | Kind::ReadOnly | Kind::InTransaction | Kind::Pooler
        )
    }

    /// Whether settings at the start of a connection are refused: PgBouncer calls them a violation of the protocol,
    /// other poolers a feature that they lack.
    pub(crate) fn refuses_options(&self) -> bool {
        matches!(
            self.code(),
            Some(code::PROTOCOL_VIOLATION | code::FEATURE_NOT_SUPPORTED)
        )
    }

    /// Whether the server did not answer in time. A time-out by the operating system has an error number: it means that this
    /// connection is dead, and another may work.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(&*self.error, sqlx::Error::Io(error)
            if error.kind() == io::ErrorKind::TimedOut && error.raw_os_error().is_none())
    }

    /// Whether a transaction took too long. That ends the connection.
    fn ran_out_of_time(&self) -> bool {
        matches!(
            self.code(),
            Some(code::TRANSACTION_TIMEOUT | code::IDLE_IN_TRANSACTION_TIMEOUT)
        )
    }

    /// Whether a wait for another transaction's lock timed out.
    pub(crate) fn waited_for_lock(&self) -> bool {
        self.code() == Some(code::LOCK_NOT_AVAILABLE)
    }

    /// The error for a row of an append that cannot be written, if that is the failure: another row has one of its values, which the
    /// index tells, or it goes on from what an earlier build made.
    pub(crate) fn taken_in(&self, append: &Append) -> Option<StoreError> {
        let error = self.database().filter(|_| self.kind() == Kind::Taken)?;
        if error.code() == code::NOT_NULL_VIOLATION {
            // The row is being made anew, and is to be loaded again.
            return Some(append.outdated());
        }
        append.rows.iter().find_map(|row| {
            let mut unique = row.table.unique();
            let is_it = |place| Some(&*row.table.unique_index(place)) == error.constraint();
            let (_, column) = unique.find(|(place, _)| is_it(*place))?;
            Some(append.taken(row, column.name))
        })
    }

    /// What to do about a log-in that was refused. Where the server asks for a password, it refuses a missing role like a
    /// wrong password, so that strangers do not learn which roles exist.
    fn log_in_hint(&self) -> &'static str {
        let error = self.database();
        match error.map(|error| (error.code(), error.routine())) {
            Some((code::INSUFFICIENT_PRIVILEGE, _)) => {
                "let the role in with `GRANT CONNECT ON DATABASE … TO …`"
            }
            Some((code::INVALID_AUTHORIZATION, Some(routine::FINDS_ROLE))) => {
                "make the role with `CREATE ROLE … LOGIN`, or let one that is there log in with `ALTER ROLE … LOGIN`"
            }
            Some((code::INVALID_AUTHORIZATION, Some(routine::FINDS_HBA_LINE))) => {
                "add a line for this role, database and address to the server's `pg_hba.conf`, or connect in a way that it allows"
            }
            Some((code::INVALID_AUTHORIZATION, _)) => {
                "log in as the role and by the way that the server's `pg_hba.conf` asks for"
            }
            _ => "correct the user or the password in the URL",
        }
    }

    /// Whether another transaction was there first: it took a key, or changed a row.
    pub(crate) fn is_overtaken(&self) -> bool {
        let code = self.code();
        let of_key = code == Some(code::UNIQUE_VIOLATION) && self.kind() != Kind::Taken;
        of_key || code == Some(code::SERIALIZATION_FAILURE)
    }

    fn code(&self) -> Option<&str> {
        Some(self.database()?.code())
    }

    fn database(&self) -> Option<&PgDatabaseError> {
        let error = self.error.as_database_error()?;
        error.try_downcast_ref::<PgDatabaseError>()
    }

    fn kind_of_error(&self) -> Kind {
        match &*self.error {
            sqlx::Error::Database(_) => {}
            sqlx::Error::PoolClosed => return Kind::Closed,
            sqlx::Error::PoolTimedOut => return Kind::NoneOfThePool,
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
                return Kind::Lost;
            }
            sqlx::Error::Tls(_) => return Kind::NoTls,
            sqlx::Error::Configuration(_) => return Kind::Unavailable,
            _ => return Kind::Other,
        }
        let Some(error) = self.database() else {
            return Kind::Other;
        };
        // The whole server goes down, perhaps during a commit, whose outcome is then unknown whatever reason is given.
        if !self.unconnected && matches!(error.severity(), PgSeverity::Panic) {
            return Kind::Lost;
        }
        match error.code() {
            code::UNIQUE_VIOLATION if error.schema() == Some(READ_SCHEMA) => Kind::Taken,
            code::NOT_NULL_VIOLATION if error.column() == Some(ROW_BUILD.name) => Kind::Taken,
            code::UNIQUE_VIOLATION
            | code::SERIALIZATION_FAILURE
            | code::DEADLOCK
            | code::LOCK_NOT_AVAILABLE => Kind::Contended,
            code::QUERY_CANCELED => Kind::Canceled,
            code::READ_ONLY_TRANSACTION => Kind::ReadOnly,
            code::FAILED_TRANSACTION | code::ACTIVE_TRANSACTION => Kind::InTransaction,
            code::DISK_FULL | code::OUT_OF_MEMORY => Kind::Full,
            code::INVALID_AUTHORIZATION | code::INVALID_PASSWORD => Kind::Unauthenticated,
            code::INSUFFICIENT_PRIVILEGE => Kind::Forbidden,
            code::TOO_MANY_CONNECTIONS => Kind::NoConnection,
            code::CANNOT_CONNECT_NOW => Kind::NotReady,
            code::INVALID_CATALOG_NAME => Kind::NoDatabase,
            code::INVALID_SCHEMA_NAME
            | code::UNDEFINED_TABLE
            | code::UNDEFINED_COLUMN
            | code::UNDEFINED_FUNCTION => Kind::NoSchema,
            code::INVALID_STATEMENT_NAME | code::DUPLICATE_STATEMENT => Kind::Pooler,
            // Class 57 is an operator's intervention: the connection ends.
            code::COMPLETION_UNKNOWN => Kind::Lost,
            code if code.starts_with("57P") => Kind::Lost,
            code if code.starts_with("08") && code != code::PROTOCOL_VIOLATION => Kind::Lost,
            // The connection ends. PgBouncer reports a server that it lost like this, as a violation of the protocol.
            _ if matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic) => Kind::Lost,
            _ => Kind::Other,
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self {
            error: Arc::new(error),
            unconnected: false,
        }
    }
}

// sqlx includes the text of a cause in its own, so there is no separate source. It also prints a line of the server's source
// code, which tells a user nothing. So only the server's message is shown, and what depends on something that would go.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.database() {
            Some(error) => {
                f.write_str(error.message())?;
                match error.detail() {
                    Some(detail) if error.code() == code::DEPENDENT_OBJECTS => {
                        write!(f, ": {detail}")
                    }
                    _ => Ok(()),
                }
            }
            None => self.error.fmt(f),
        }
    }
}

/// What `main` prints of an error that it returns.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.database() {
            Some(error) => write!(f, "{:?} (SQLSTATE {})", error.message(), error.code()),
            None => self.error.fmt(f),
        }
    }
}

impl Error for Failure {}
