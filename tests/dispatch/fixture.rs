//! Where the tests run: an app on each store, and a store that misbehaves when told to.

use std::{
    borrow::Cow,
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::Poll,
};

use intent_runtime::{
    AggregateId, App, CommandId, Cursor, Domain, EventId, Id, Metadata, RecordedEvent, StoreError,
    TenantId, Timestamp, Version,
    store::{
        AggregateType, Append, Appended, AsOfTime, EncodedMetadata, EventPage, EventSink, Expect,
        Import, Imported, IntoStore, ListStreams, Log, LogHealth, LogPage, LookBack, MemoryStore,
        NewEvent, NewSnapshot, ReadCorrelation, ReadLog, ReadStream, Snapshots, StateSink, Store,
        StoreFuture, StreamId, Streams, Transact, tables::Tables,
    },
};
use intent_tests::postgres::TempDatabase;
use serde_json::value::RawValue;
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use super::domain::{Account, Loan, Open};
use crate::store::subscription::Pages;

/// Runs a test on every store there is, with the domain of most tests.
pub async fn on_every_store(test: impl AsyncFn(App)) {
    on_store_of_each_kind(domain, test).await;
}

/// Runs a test on every store there is.
pub async fn on_store_of_each_kind(domain: impl Fn() -> Domain, test: impl AsyncFn(App)) {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}", folder.path().join("events.db").display());
    let database = TempDatabase::new().await;
    for url in ["memory:", &file, &database.url()] {
        test(App::connect(url, domain()).await.unwrap()).await;
    }
}

/// What the tests are about.
pub fn domain() -> Domain {
    Domain::new().aggregate::<Account>().aggregate::<Loan>()
}

/// An app for it on a store.
pub async fn registered(store: impl IntoStore) -> App {
    App::on(store, domain()).await.unwrap()
}

/// An account that was just opened.
pub async fn opened(app: &App) -> Id<Account> {
    let id = Id::new();
    let owner = String::from("Ada");
    app.send(Open { id, owner }).await.unwrap();
    id
}

pub fn stream(id: Id<Account>) -> StreamId {
    StreamId::of(TenantId::DEFAULT, id)
}

/// Polls a future so many times, each time when it was woken, then drops it. `None` if it was not done by then.
pub async fn polled<T>(work: impl Future<Output = T>, times: usize) -> Option<T> {
    let (mut work, mut polls) = (pin!(work), 0);
    poll_fn(|context| {
        if polls == times {
            return Poll::Ready(None);
        }
        polls += 1;
        match work.as_mut().poll(context) {
            Poll::Pending if polls == times => Poll::Ready(None),
            polled => polled.map(Some),
        }
    })
    .await
}

/// Appends one raw event, as another build of the program might.
pub async fn append_raw(
    app: &App,
    id: Id<Account>,
    after: u64,
    event: (&'static str, u32),
    payload: &str,
) {
    append_raw_to(app, &stream(id), after, event, payload).await;
}

/// The same to any stream.
pub async fn append_raw_to(
    app: &App,
    stream: &StreamId,
    after: u64,
    event: (&'static str, u32),
    payload: &str,
) {
    let append = Append::new(
        stream.clone(),
        Expect::Version(Version::new(after)),
        CommandId::new(),
        vec![NewEvent::new(
            Cow::Borrowed(event.0),
            event.1,
            RawValue::from_string(payload.into()).unwrap(),
        )],
        EncodedMetadata::new(Metadata::new()).unwrap(),
    );
    app.store().append(append).await.unwrap();
}

/// A decorator that counts the reads of a store and lets a test step in before and after an append. The store is one in
/// memory unless a test gives another.
#[derive(Clone, Debug)]
pub struct Interposed {
    store: Arc<dyn Store>,
    pub reads: Arc<AtomicUsize>,
    /// How many events of the log were read.
    pub events_read: Arc<AtomicUsize>,
    /// How many versions the last reading of events asked for.
    pub asked: Arc<AtomicU64>,
    /// How the log is read, if not simply as it is.
    pages: Option<Arc<Pages>>,
    faults: Arc<Mutex<Vec<Fault>>>,
}

/// What goes wrong with the next append.
#[derive(Debug)]
pub enum Fault {
    /// Another process appends first.
    Overtaken(Box<Append>),
    /// The connection breaks before anything was stored.
    LostBefore,
    /// The connection breaks after all was stored.
    LostAfter,
    /// The disk is full, so nothing is stored.
    Full,
    /// Nothing happens until there is a permit.
    Held(Arc<Semaphore>),
}

impl Default for Interposed {
    fn default() -> Self {
        Self::around(MemoryStore::new())
    }
}

impl Interposed {
    pub fn around(store: impl IntoStore) -> Self {
        Self {
            store: store.into_store(),
            reads: Arc::default(),
            events_read: Arc::default(),
            asked: Arc::default(),
            pages: None,
            faults: Arc::default(),
        }
    }

    /// One whose log is read in such pages.
    pub fn in_pages(pages: &Arc<Pages>) -> Self {
        Self {
            pages: Some(Arc::clone(pages)),
            ..Self::default()
        }
    }

    pub fn next(&self, fault: Fault) {
        self.faults.lock().unwrap().insert(0, fault);
    }

    fn lost(append: &Append) -> StoreError {
        StoreError::UnknownOutcome {
            command_id: append.command_id,
            stream: append.stream.clone(),
            source: "the connection broke".into(),
        }
    }
}

impl Streams for Interposed {
    fn store_id(&self) -> Uuid {
        self.store.store_id()
    }

    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        Box::pin(async move {
            let fault = self.faults.lock().unwrap().pop();
            match fault {
                None => self.store.append(append).await,
                Some(Fault::Full) => Err(StoreError::Full {
                    place: "the disk".into(),
                    source: "no space is left".into(),
                }),
                Some(Fault::LostBefore) => Err(Self::lost(&append)),
                Some(Fault::LostAfter) => {
                    let lost = Self::lost(&append);
                    self.store.append(append).await.unwrap();
                    Err(lost)
                }
                Some(Fault::Held(permits)) => {
                    permits.acquire().await.unwrap().forget();
                    self.store.append(append).await
                }
                Some(Fault::Overtaken(first)) => {
                    self.store.append(*first).await.unwrap();
                    self.store.append(append).await
                }
            }
        })
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.store.read_state(read, sink)
    }

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        let versions = read.to.get() - read.after.get();
        self.asked.store(versions, Ordering::Relaxed);
        self.store.read_events(read, sink)
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        self.store.events_of_command(tenant, command)
    }
}

impl Log for Interposed {
    fn read_log<'a>(
        &'a self,
        read: ReadLog<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, LogPage> {
        Box::pin(async move {
            let mut counting = |event| {
                self.events_read.fetch_add(1, Ordering::Relaxed);
                sink(event)
            };
            match &self.pages {
                Some(pages) => pages.read(&*self.store, read, &mut counting).await,
                None => self.store.read_log(read, &mut counting).await,
            }
        })
    }

    fn version_as_of<'a>(
        &'a self,
        stream: &'a StreamId,
        time: AsOfTime,
    ) -> StoreFuture<'a, Version> {
        self.store.version_as_of(stream, time)
    }

    fn event(&self, tenant: TenantId, id: EventId) -> StoreFuture<'_, Option<RecordedEvent>> {
        self.store.event(tenant, id)
    }

    fn look_back<'a>(&'a self, look: LookBack<'a>) -> StoreFuture<'a, EventPage> {
        self.store.look_back(look)
    }

    fn correlation(&self, read: ReadCorrelation) -> StoreFuture<'_, EventPage> {
        self.store.correlation(read)
    }

    fn cursor_at(&self, tenant: Option<TenantId>, time: Timestamp) -> StoreFuture<'_, Cursor> {
        self.store.cursor_at(tenant, time)
    }

    fn streams(&self, list: ListStreams) -> StoreFuture<'_, Vec<AggregateId>> {
        self.store.streams(list)
    }

    fn log_health(&self) -> StoreFuture<'_, LogHealth> {
        self.store.log_health()
    }

    fn wake_ups(&self) -> watch::Receiver<()> {
        self.store.wake_ups()
    }
}

impl Import for Interposed {
    fn import(&self, events: Vec<RecordedEvent>) -> StoreFuture<'_, Imported> {
        self.store.import(events)
    }
}

impl Snapshots for Interposed {
    fn save_snapshot<'a>(
        &'a self,
        stream: &'a StreamId,
        snapshot: NewSnapshot,
    ) -> StoreFuture<'a, ()> {
        self.store.save_snapshot(stream, snapshot)
    }

    fn delete_snapshots(
        &self,
        tenant: TenantId,
        aggregate_type: Option<AggregateType>,
    ) -> StoreFuture<'_, u64> {
        self.store.delete_snapshots(tenant, aggregate_type)
    }
}

impl Store for Interposed {
    fn tables(&self) -> Option<&dyn Tables> {
        self.store.tables()
    }

    fn transact(&self) -> Option<&dyn Transact> {
        self.store.transact()
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        self.store.close()
    }
}
