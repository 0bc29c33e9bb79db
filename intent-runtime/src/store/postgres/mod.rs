//! [`PgStore`]: the store for production, on PostgreSQL.

mod append;
mod builds;
mod cells;
mod connection;
mod flush;
mod import;
mod inline;
mod log;
mod migrate;
mod policies;
mod read;
mod rows;
mod schema;
mod snapshot;
mod tables;
mod transaction;
mod views;

use std::{fmt, sync::Arc, time::Duration};

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
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
        import::{Imported, check_import},
        port::{Import, Store, StoreFuture, Streams, Transact},
        postgres::{
            append::{Appender, batch::Outcome},
            connection::{
                error::Place,
                open::Connector,
                pool::Pool,
                pooler,
                run::{Rest, within},
                url,
            },
            log::{horizon::Settler, notify::Wake, read::LogReader},
            migrate::Excess,
        },
        tables::{Key, Row, Table, Tables, builds::Build},
    },
};

/// Begins a transaction in which each statement sees what is committed by then, whatever the default level is.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// How many connections read, in a store that was opened by a URL.
const READERS: u32 = 10;
/// How long a read waits for one of them.
const ACQUIRE: Duration = Duration::from_secs(10);
/// How long a statement that appends waits for another transaction's lock, in milliseconds.
const LOCK_TIMEOUT: &str = "500";

/// Keeps everything in the schema `intent` of a PostgreSQL database (13 or later), beside whatever else is in it.
///
/// The store opens connections of its own. Each uses the pool's current options and its `after_connect`, so
/// [`set_connect_options`](PgPool::set_connect_options) changes a password for them too. The store reads on as many
/// connections as the pool may have (`max_connections`) and keeps them as long as the pool keeps its own (`idle_timeout`,
/// `max_lifetime`). It appends on a few, each of which writes all waiting appends in one statement. The pool itself serves
/// only [`append_in`](Self::append_in) and [`Tenant::send_in`](crate::Tenant::send_in), in transactions that you begin: a
/// connection that it lends may be inside a transaction that somebody left open.
///
/// An append is answered when the server has committed it. While appends of more than 256 MiB wait, one more is
/// [`StoreError::Busy`]. Any number of processes may use one database.
///
/// ```no_run
/// use intent_runtime::{App, Domain, PgStore};
/// use sqlx::PgPool;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = PgPool::connect("postgres://shop@localhost/shop").await?;
/// let app = App::on(PgStore::new(pool.clone()).await?, Domain::new()).await.unwrap();
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct PgStore {
    /// For the user's own transactions.
    users_pool: PgPool,
    /// Whether the store made the pool, and so closes it.
    owns_users_pool: bool,
    /// For everything else except appends.
    pool: Pool,
    appender: Appender,
    log: Arc<LogReader>,
    wake: Arc<Wake>,
}

impl PgStore {
    /// Opens the database that a URL such as `postgres://user:password@host/database` names, with a pool of up to ten
    /// connections, and makes or migrates the tables if it must and may.
    ///
    /// # Errors
    /// [`StoreError::UnknownUrl`] when the URL cannot be read, names no database or has an option that is not known, and whatever [`new`](Self::new) returns.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let options = url::options(url)?;
        // Since version 12 servers write floats in full by themselves, and PgBouncer refuses the setting by default.
        let options = options.extra_float_digits(None);
        let pool = PgPoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE);
        let (store, excess) = Self::open(pool.connect_lazy_with(options), true).await?;
        store.warn_of(excess);
        Ok(store)
    }

    /// Opens the database of a pool, and makes or migrates the tables if it must and may. Must be called within a Tokio
    /// runtime.
    ///
    /// It logs a warning, by `tracing`, for a role that owns the tables or is not bound by row-level security, and for a pooler
    /// behind which statements are planned anew each time.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::NotReady`], [`StoreError::Unauthenticated`], [`StoreError::NoDatabase`],
    /// [`StoreError::NoTls`] or [`StoreError::NoConnection`] when it cannot be reached; [`StoreError::NotMigrated`] when the
    /// tables are missing or old and this role may not make them;
    /// [`StoreError::Forbidden`] when it may not use them; [`StoreError::ForeignTable`] or [`StoreError::NewerSchema`]
    /// when they are not ours to touch; [`StoreError::Unsupported`] when the server, or a pooler before it, cannot keep the
    /// promises.
    pub async fn new(pool: PgPool) -> Result<Self, StoreError> {
        let (store, excess) = Self::open(pool, false).await?;
        store.warn_of(excess);
        Ok(store)
    }

    fn warn_of(&self, excess: Option<Excess>) {
        let place = self.pool.place();
        match excess {
            None => {}
            Some(Excess::Rights(what)) => {
                tracing::warn!(%place, "the role {what}: row-level security guards tenants better under a role of its own");
            }
            Some(Excess::NoPolicies) => {
                tracing::warn!(%place, "row-level security is switched off: the database does not keep tenants apart");
            }
        }
    }

    /// Opens the database under strict tenancy: refuses a role that row-level security does not bind, and tables without it.
    ///
    /// # Errors
    /// [`StoreError::TooManyRights`] when the role is a superuser, bypasses row-level security or owns the tables;
    /// [`StoreError::Unsupported`] when row-level security is switched off; and whatever [`new`](Self::new) returns.
    pub async fn strict(pool: PgPool) -> Result<Self, StoreError> {
        let (store, excess) = Self::open(pool, false).await?;
        let place = store.pool.place().to_string();
        match excess {
            None => Ok(store),
            Some(Excess::Rights(what)) => Err(StoreError::TooManyRights { place, what }),
            Some(Excess::NoPolicies) => Err(StoreError::Unsupported {
                place,
                what: "without row-level security on the tables of the schema `intent`: restore it with its policies, or \
                       switch it on again with `ALTER TABLE … ENABLE ROW LEVEL SECURITY`",
            }),
        }
    }

    async fn open(
        users_pool: PgPool,
        owns_users_pool: bool,
    ) -> Result<(Self, Option<Excess>), StoreError> {
        let options = PgConnectOptions::clone(&users_pool.connect_options());
        let options = url::without_brackets(options);
        let place = Place::of(&options);
        let keeps_session = within(pooler::keeps_session(&options, &place)).await;
        let keeps_session = keeps_session.map_err(|error| error.at(&place))?;
        // A pool of the store's own has no hooks.
        let hooked = !owns_users_pool;
        let connector = Connector::new(users_pool.clone(), hooked, keeps_session, place.clone());
        let pool = Pool::new(&users_pool, connector.clone());
        let opening = pool.stream(place, |place, connection| {
            Box::pin(async move { Ok((migrate::open(connection, place).await?, Rest::Nothing)) })
        });
        let excess = opening.await?;
        let log = LogReader::new(pool.clone(), Settler::new(connector.clone())).await?;
        // Closes the connection, whose statements were prepared before the tables were made.
        pool.clear();
        let wake = Arc::new(Wake::new(connector.clone(), keeps_session));
        let appender = Appender::new(connector.to_append(), Arc::clone(&wake));
        let store = Self {
            users_pool,
            owns_users_pool,
            pool,
            log: Arc::new(log),
            wake,
            appender,
        };
        Ok((store, excess))
    }

    /// The SQL that brings the schema `intent` from a version to the one that this build makes, in one transaction; from 0 it
    /// makes everything. [`StoreError::NotMigrated`] says which version was found.
    ///
    /// An operator runs it as the future owner of the schema if applications may not create tables. `SELECT
    /// intent.grant_app('ROLE')` then gives a role the rights that it needs.
    pub fn migration_sql(from: u32) -> String {
        schema::sql_from(i64::from(from))
    }

    /// The pool for transactions of your own, to [append in](Self::append_in): the one that the store was made with, or one
    /// that opens its connections when it is first used.
    pub fn pool(&self) -> &PgPool {
        &self.users_pool
    }

    /// If an error comes from a schema that is not what this build needs, returns one that says what is wrong with the schema.
    fn explained<'a, T: Send>(
        &'a self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'a,
    ) -> StoreFuture<'a, T> {
        Box::pin(async move {
            match work.await {
                Err(
                    error @ (StoreError::NotMigrated { .. }
                    | StoreError::Forbidden { .. }
                    // Of a transaction whose database has not all that it needs to be told from another.
                    | StoreError::OtherDatabase { .. }),
                ) => Err(self.diagnosis().await.unwrap_or(error)),
                done => done,
            }
        })
    }

    /// What is wrong with the schema, if that can be found out.
    async fn diagnosis(&self) -> Option<StoreError> {
        let checking = self.pool.run(self.pool.place(), |place, connection| {
            Box::pin(migrate::check(connection, place))
        });
        match checking.await {
            Err(
                wrong @ (StoreError::NotMigrated { .. }
                | StoreError::Incomplete { .. }
                | StoreError::NewerSchema { .. }
                | StoreError::ForeignTable { .. }),
            ) => Some(wrong),
            _ => None,
        }
    }
}

impl fmt::Debug for PgStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgStore")
            .field("database", &self.pool.place().to_string())
            .finish_non_exhaustive()
    }
}

impl Streams for PgStore {
    fn store_id(&self) -> Uuid {
        self.log.store
    }

    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        self.explained(async move {
            append.check()?;
            let (tenant, command) = (append.stream.tenant_id, append.command_id);
            match self.appender.append(append).await? {
                Outcome::Appended(appended) => Ok(appended),
                Outcome::Before => {
                    let before = self.events_of_command(tenant, command);
                    Ok(Appended::Before(before.await?))
                }
            }
        })
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        let reading = self.pool.stream((read, sink), |(read, sink), connection| {
            Box::pin(async move { Ok(((), read::state(connection, read, *sink).await?)) })
        });
        self.explained(reading)
    }

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        let reading = self.pool.stream((read, sink), |(read, sink), connection| {
            Box::pin(async move { Ok(((), read::events(connection, read, sink).await?)) })
        });
        self.explained(reading)
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        let found = self
            .pool
            .run((tenant, command), |(tenant, command), connection| {
                Box::pin(read::events_of_command(connection, *tenant, *command))
            });
        self.explained(found)
    }

    fn load_rows<'a>(
        &'a self,
        table: &'static Table,
        keys: &'a [Key],
    ) -> StoreFuture<'a, Vec<Row>> {
        self.load(Build::new(table, 1), keys)
    }
}

impl Import for PgStore {
    fn import(&self, events: Vec<RecordedEvent>) -> StoreFuture<'_, Imported> {
        self.explained(async move {
            check_import(&events)?;
            // In a task of its own, which wakes readers even if the caller gives up.
            let (pool, wake) = (self.pool.clone(), Arc::clone(&self.wake));
            let importing = tokio::spawn(async move {
                let imported = pool.run(&*events, |events, connection| {
                    Box::pin(import::import(connection, events))
                });
                let imported = imported.await;
                wake.appended();
                imported
            });
            let ended = |failed| Err(self.pool.place().ended(failed));
            importing.await.unwrap_or_else(ended)
        })
    }
}

impl Store for PgStore {
    fn transact(&self) -> Option<&dyn Transact> {
        Some(self)
    }

    fn tables(&self) -> Option<&dyn Tables> {
        Some(self)
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.appender.close().await;
            self.pool.close().await;
            if self.owns_users_pool {
                self.users_pool.close().await;
            }
            self.wake.close();
            Ok(())
        })
    }
}
