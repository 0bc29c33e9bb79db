//! [`SqliteStore`]: the embedded store, one file.

mod append;
mod batch;
mod column;
mod connection;
mod decide;
mod error;
mod frames;
mod import;
mod insert;
mod log;
mod lookup;
mod migrate;
mod page;
mod read;
mod snapshot;
mod transaction;

use std::{fmt, sync::Arc};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteLockingMode, SqliteSynchronous},
};
use tokio::{
    sync::{Mutex, watch},
    task::JoinHandle,
};
use uuid::Uuid;

use crate::{
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        id::{AggregateId, CommandId, EventId, TenantId},
        snapshot::NewSnapshot,
        stream::{AggregateType, StreamId},
        timestamp::Timestamp,
        version::Version,
    },
    store::{
        AsOfTime, EventSink, ReadStream, StateSink,
        append::{Append, Appended},
        connect::unknown_url,
        error::StoreError,
        import::{Imported, check_import},
        log::{LogHealth, LogPage, ReadLog},
        lookup::{EventPage, ListStreams, LookBack, ReadCorrelation},
        migrations::Found,
        port::{Import, Log, Snapshots, Store, StoreFuture, Streams, Transact},
        sqlite::{
            append::{Queue, Request, Writer},
            connection::{WriteConnection, connect_writer, pool},
            error::Place,
            read::Reader,
            snapshot::{DeleteSnapshots, SaveSnapshot},
        },
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
    reader: Reader,
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
        let file = migrate::main_file(&mut connection, &place).await?;
        if file.is_empty() {
            let hint = "a database in memory would vanish with its connection, use `memory:`";
            return Err(unknown_url(&format!("sqlite:{place}"), hint));
        }
        if let Found::Older(_) = found {
            migrate::migrate(&mut connection, &place).await?;
        }
        let readers = pool().connect_with(options.clone()).await;
        let readers = readers.map_err(|error| place.error(error))?;
        let reader = Reader {
            store: log::store_id(&readers, &place).await?,
            pool: readers,
            place: place.clone(),
        };
        let pool = pool().connect_lazy_with(options.clone());
        let grown = watch::Sender::new(());
        let connection = WriteConnection::new(connection, place.clone()).await?;
        let (queue, writer) =
            Writer::new(connection.clone(), options.clone(), place, grown.clone());
        let writer = tokio::spawn(writer.run());
        Ok(Self {
            pool,
            reader,
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

    async fn append_now(&self, append: Append) -> Result<Appended, StoreError> {
        append.check()?;
        let stream = append.stream.clone();
        let command_id = append.command_id;
        let Some(verdict) = self.queue.ask(Request::Append, append).await? else {
            return Err(StoreError::UnknownOutcome {
                command_id,
                stream,
                source: "the runtime that the store was opened on has ended".into(),
            });
        };
        let before = self.events_of_command_now(stream.tenant_id, command_id);
        verdict.appended(before).await
    }

    async fn events_of_command_now(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let mut connection = self.reader.connection().await?;
        let events = self
            .reader
            .events_of_command(&mut connection, tenant, command);
        events.await
    }

    async fn import_now(&self, events: Vec<RecordedEvent>) -> Result<Imported, StoreError> {
        check_import(&events)?;
        let imported = self.queue.ask(Request::Import, events).await?;
        imported.ok_or(StoreError::Closed)
    }

    async fn save_snapshot_now(
        &self,
        stream: &StreamId,
        snapshot: NewSnapshot,
    ) -> Result<(), StoreError> {
        snapshot.check(stream)?;
        self.reader.check_type(stream).await?;
        let save = SaveSnapshot {
            stream: stream.clone(),
            snapshot,
        };
        let saved = self.queue.ask(Request::Save, save).await?;
        saved.ok_or(StoreError::Closed)
    }

    async fn delete_snapshots_now(
        &self,
        tenant_id: TenantId,
        aggregate_type: Option<AggregateType>,
    ) -> Result<u64, StoreError> {
        let delete = DeleteSnapshots {
            tenant_id,
            aggregate_type,
        };
        let deleted = self.queue.ask(Request::Delete, delete).await?;
        deleted.ok_or(StoreError::Closed)
    }

    async fn close_now(&self) {
        self.queue.close();
        // The handle stays in place until the task has ended, so that a second caller waits as well, even if the first one
        // gives up.
        let mut writer = self.writer.lock().await;
        if let Some(running) = writer.as_mut() {
            let _ = running.await;
            *writer = None;
        }
        self.reader.pool.close().await;
        self.pool.close().await;
        self.grown.send_replace(());
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
            .field("file", &self.reader.place.to_string())
            .finish_non_exhaustive()
    }
}

impl Streams for SqliteStore {
    fn store_id(&self) -> Uuid {
        self.reader.store
    }

    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        Box::pin(self.append_now(append))
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let mut connection = self.reader.connection().await?;
            self.reader.read_state(&mut connection, read, sink).await
        })
    }

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let mut connection = self.reader.connection().await?;
            self.reader.read_events(&mut connection, read, sink).await
        })
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        Box::pin(self.events_of_command_now(tenant, command))
    }
}

impl Log for SqliteStore {
    fn read_log<'a>(
        &'a self,
        read: ReadLog<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, LogPage> {
        Box::pin(self.reader.read_log(read, sink))
    }

    fn version_as_of<'a>(
        &'a self,
        stream: &'a StreamId,
        time: AsOfTime,
    ) -> StoreFuture<'a, Version> {
        Box::pin(self.reader.version_as_of(stream, time))
    }

    fn event(&self, tenant: TenantId, id: EventId) -> StoreFuture<'_, Option<RecordedEvent>> {
        Box::pin(self.reader.event(tenant, id))
    }

    fn look_back<'a>(&'a self, look: LookBack<'a>) -> StoreFuture<'a, EventPage> {
        Box::pin(self.reader.look_back(look))
    }

    fn correlation(&self, read: ReadCorrelation) -> StoreFuture<'_, EventPage> {
        Box::pin(self.reader.correlation(read))
    }

    fn cursor_at(&self, tenant: Option<TenantId>, time: Timestamp) -> StoreFuture<'_, Cursor> {
        Box::pin(self.reader.cursor_at(tenant, time))
    }

    fn streams(&self, list: ListStreams) -> StoreFuture<'_, Vec<AggregateId>> {
        Box::pin(async move { self.reader.streams(&list).await })
    }

    fn log_health(&self) -> StoreFuture<'_, LogHealth> {
        Box::pin(async move {
            let end = self.reader.end().await?;
            Ok(LogHealth {
                end,
                // The one writer leaves no gaps.
                settled: Some(end),
                ..LogHealth::default()
            })
        })
    }

    fn wake_ups(&self) -> watch::Receiver<()> {
        self.grown.subscribe()
    }
}

impl Import for SqliteStore {
    fn import(&self, events: Vec<RecordedEvent>) -> StoreFuture<'_, Imported> {
        Box::pin(self.import_now(events))
    }
}

impl Snapshots for SqliteStore {
    fn save_snapshot<'a>(
        &'a self,
        stream: &'a StreamId,
        snapshot: NewSnapshot,
    ) -> StoreFuture<'a, ()> {
        Box::pin(self.save_snapshot_now(stream, snapshot))
    }

    fn delete_snapshots(
        &self,
        tenant: TenantId,
        aggregate_type: Option<AggregateType>,
    ) -> StoreFuture<'_, u64> {
        Box::pin(self.delete_snapshots_now(tenant, aggregate_type))
    }
}

impl Store for SqliteStore {
    fn transact(&self) -> Option<&dyn Transact> {
        Some(self)
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.close_now().await;
            Ok(())
        })
    }
}
