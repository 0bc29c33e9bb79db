//! [`SqliteStore`]: the embedded store, one file.

mod append;
mod batch;
mod builds;
mod column;
mod connection;
mod error;
pub(in crate::store) mod flush;
mod import;
pub(in crate::store) mod inline;
mod insert;
mod log;
mod migrate;
mod read;
mod snapshot;
pub(super) mod tables;
mod transaction;

use std::{fmt, sync::Arc};

use sqlx::{
    SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteLockingMode, SqliteSynchronous},
};
use tokio::{
    sync::{Mutex, watch},
    task::JoinHandle,
};
use uuid::Uuid;

use crate::{
    record::{
        event::RecordedEvent,
        id::{CommandId, TenantId},
        snapshot::NewSnapshot,
        stream::{AggregateType, StreamId},
    },
    store::{
        EventSink, ReadStream, StateSink,
        append::{Append, Appended},
        connect::unknown_url,
        error::StoreError,
        import::{Imported, check_import},
        migrations::Found,
        port::{Import, Snapshots, Store, StoreFuture, Streams, Transact},
        sqlite::{
            append::{Queue, Request, Writer},
            batch::Verdict,
            connection::{WriteConnection, connect_writer, pool},
            error::{Place, RunError},
            read::{check_type, of_stream},
        },
        tables::{Key, Row, Table, Tables, builds::Build},
    },
};

/// Keeps everything in one SQLite file. The owner of the file may have other tables in it.
///
/// All clones share one writer, which stores all waiting appends in one transaction, and a small pool of readers. An append is
/// answered when it is on disk (a write-ahead log, `synchronous = FULL`). Several processes may open the same file. They take
/// turns at writing.
///
/// ```
/// use intent_runtime::{CommandId, SqliteStore, TenantId, store::{Store, Streams}};
/// # let directory = std::env::temp_dir().join(uuid::Uuid::now_v7().to_string());
/// # std::fs::create_dir(&directory)?;
/// # let path = directory.join("shop.db");
/// # let url = format!("sqlite:{}", path.display());
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let store = SqliteStore::connect(&url).await?;
/// let events = store.events_of_command(TenantId::DEFAULT, CommandId::new()).await?;
/// assert!(events.is_empty());
/// store.close().await?;
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    /// For the user's own statements.
    pool: SqlitePool,
    readers: SqlitePool,
    /// Tells this store's cursors from those of another.
    id: Uuid,
    place: Place,
    queue: Queue,
    /// The path of the file, as SQLite gives it.
    file: Arc<str>,
    /// The options of the writer's connection, also for a new one in its place.
    options: Arc<SqliteConnectOptions>,
    connection: WriteConnection,
    grown: watch::Sender<()>,
    /// Ends when the queue was closed and all of it is written; [`Store::close`] waits for it.
    writer: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl SqliteStore {
    /// Opens the file that a URL such as `sqlite:shop.db` or a bare path names, and makes it if there is none.
    ///
    /// `sqlite:shop.db?mode=rw` opens an existing file only, `?mode=ro` only to read.
    ///
    /// # Errors
    /// [`StoreError::UnknownUrl`] if the URL names no file, or something else than a file, and whatever [`open`](Self::open)
    /// returns.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        if has_other_scheme(url) {
            return Err(unknown_url(url, "write `sqlite:FILE`"));
        }
        let options = url.parse::<SqliteConnectOptions>();
        let options = options.map_err(|error| {
            let what = match error {
                sqlx::Error::Configuration(error) => error.to_string(),
                error => error.to_string(),
            };
            unknown_url(
                url,
                format!("{what}; write `sqlite:FILE` or `sqlite:FILE?mode=rw`"),
            )
        })?;
        let options = if says_mode(url) {
            options
        } else {
            options.create_if_missing(true)
        };
        let opened = Self::open(options).await;
        opened.map_err(|error| match error {
            // Of a database in memory, the options know only a file name that was made up for it.
            StoreError::UnknownUrl { hint, .. } => unknown_url(url, hint),
            error => error,
        })
    }

    /// Opens the file that the options name, with their busy timeout and other settings. Some settings are always ours: a
    /// write-ahead log, `synchronous = FULL`, no shared cache, and no exclusive lock. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`StoreError::NotADatabase`], [`StoreError::ForeignTable`] or [`StoreError::NewerSchema`] for a file that this build
    /// cannot use, which is left untouched. [`StoreError::UnknownUrl`] for a database in memory. [`StoreError::ReadOnly`] for a
    /// read-only file without our tables, or with older ones. Otherwise [`StoreError::Unavailable`], [`StoreError::Busy`] or
    /// [`StoreError::Full`].
    pub async fn open(options: SqliteConnectOptions) -> Result<Self, StoreError> {
        let place = Place::of(options.get_filename());
        // With a shared cache, readers fail while something is written. With an exclusive lock, all connections but one fail.
        let options = options
            .synchronous(SqliteSynchronous::Full)
            .shared_cache(false)
            .locking_mode(SqliteLockingMode::Normal);
        let found = migrate::probe(&options, &place).await?;
        let (mut connection, options) = connect_writer(options, &place, found).await?;
        let failed = |error| place.error(error);
        let file = sqlx::query_scalar(include_str!("sql/main_file.sql"));
        let file: String = file.fetch_one(&mut connection).await.map_err(failed)?;
        if file.is_empty() {
            let hint = "a database in memory would vanish with its connection, use `memory:`";
            return Err(unknown_url(&format!("sqlite:{place}"), hint));
        }
        if let Found::Older(_) = found {
            let migrated = migrate::migrate(&mut connection, &place).await;
            migrated.map_err(|error| error.at(&place))?;
        }
        let readers = pool().connect_with(options.clone()).await.map_err(failed)?;
        let id = sqlx::query_scalar(include_str!("sql/store_id.sql"));
        let id = id.fetch_one(&readers).await;
        let id = id.map_err(|error| match error {
            sqlx::Error::ColumnDecode { .. } => place.foreign("intent_store"),
            error => place.error(error),
        })?;
        let pool = pool().connect_lazy_with(options.clone());
        let grown = watch::Sender::new(());
        let connection = WriteConnection::new(connection, place.clone()).await?;
        let (queue, writer) = Writer::new(
            connection.clone(),
            options.clone(),
            place.clone(),
            grown.clone(),
        );
        let writer = tokio::spawn(writer.run());
        Ok(Self {
            pool,
            readers,
            id,
            place,
            queue,
            file: file.into(),
            options: Arc::new(options),
            connection,
            grown,
            writer: Arc::new(Mutex::new(Some(writer))),
        })
    }

    /// A pool for statements of your own on the same file. It opens its connections when it is first used. The store itself
    /// uses none of them, so nothing that you leave on one reaches it.
    ///
    /// Keep write transactions on them short: the store's writer waits for them, up to the busy timeout.
    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Tells waiting readers of this process that the log may have grown. Call it after the commit of a transaction of your own
    /// in which you sent commands.
    pub fn wake_readers(&self) {
        self.grown.send_replace(());
    }

    /// Does something on a connection that reads.
    async fn read<T>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, RunError>,
    ) -> Result<T, StoreError> {
        let connection = self.readers.acquire().await;
        let mut connection = connection.map_err(|error| self.place.error(error))?;
        let done = work(&mut connection).await;
        done.map_err(|error| error.at(&self.place))
    }
}

fn says_mode(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split('&').any(|pair| pair.starts_with("mode="))
}

/// Whether a URL is of another kind, or misspells `sqlite`. A single letter before the colon is a drive of Windows.
fn has_other_scheme(url: &str) -> bool {
    let is_name = |scheme: &str| scheme.len() > 1 && scheme.chars().all(char::is_alphanumeric);
    url.split_once(':')
        .is_some_and(|(scheme, _)| scheme != "sqlite" && is_name(scheme))
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("file", &self.place.to_string())
            .finish_non_exhaustive()
    }
}

impl Streams for SqliteStore {
    fn store_id(&self) -> Uuid {
        self.id
    }

    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        Box::pin(async move {
            append.check()?;
            let (stream, command_id) = (append.stream.clone(), append.command_id);
            match self.queue.ask(Request::Append, append).await? {
                Some(Verdict::Accept(accepted)) => Ok(accepted.into()),
                Some(Verdict::Before) => {
                    let before = self.events_of_command(stream.tenant_id, command_id);
                    Ok(Appended::Before(before.await?))
                }
                None => Err(StoreError::UnknownOutcome {
                    command_id,
                    stream,
                    source: "the runtime that the store was opened on has ended".into(),
                }),
            }
        })
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        Box::pin(self.read(async move |connection: &mut SqliteConnection| {
            read::state(connection, read, sink).await
        }))
    }

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(self.read(async move |connection: &mut SqliteConnection| {
            read::events(connection, read, sink).await
        }))
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        Box::pin(self.read(async move |connection: &mut SqliteConnection| {
            read::events_of_command(connection, tenant, command).await
        }))
    }

    fn load_rows<'a>(
        &'a self,
        table: &'static Table,
        keys: &'a [Key],
    ) -> StoreFuture<'a, Vec<Row>> {
        self.load(Build::new(table, 1), keys)
    }
}

impl Import for SqliteStore {
    fn import(&self, events: Vec<RecordedEvent>) -> StoreFuture<'_, Imported> {
        Box::pin(async move {
            check_import(&events)?;
            let imported = self.queue.ask(Request::Import, events).await?;
            imported.ok_or(StoreError::Closed)
        })
    }
}

impl Snapshots for SqliteStore {
    fn save_snapshot<'a>(
        &'a self,
        stream: &'a StreamId,
        snapshot: NewSnapshot,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            snapshot.check(stream)?;
            let checking = self.read(async |connection: &mut SqliteConnection| {
                let begun = of_stream(include_str!("sql/last_event.sql"), stream);
                match begun.fetch_optional(connection).await? {
                    Some(begun) => Ok(check_type(stream, &begun)?),
                    None => Ok(()),
                }
            });
            checking.await?;
            let saved = self.queue.ask(Request::Save, (stream.clone(), snapshot));
            saved.await?.ok_or(StoreError::Closed)
        })
    }

    fn delete_snapshots(
        &self,
        tenant: TenantId,
        aggregate_type: Option<AggregateType>,
    ) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let deleted = self.queue.ask(Request::Delete, (tenant, aggregate_type));
            deleted.await?.ok_or(StoreError::Closed)
        })
    }
}

impl Store for SqliteStore {
    fn transact(&self) -> Option<&dyn Transact> {
        Some(self)
    }

    fn tables(&self) -> Option<&dyn Tables> {
        Some(self)
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.queue.close();
            // The handle stays in place until the task has ended, so that a second caller waits as well, even if the first one
            // gives up.
            let mut writer = self.writer.lock().await;
            if let Some(running) = writer.as_mut() {
                let _ = running.await;
                *writer = None;
            }
            self.readers.close().await;
            self.pool.close().await;
            self.grown.send_replace(());
            Ok(())
        })
    }
}
