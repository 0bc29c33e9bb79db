//! [`Stepped`]: a store around another one, which stops what a worker does at a given step.

use std::{sync::Arc, time::Duration};

use intent_runtime::{
    AggregateId, CommandId, Cursor, EventId, RecordedEvent, TenantId, Timestamp, Version,
    read_model::Cell,
    store::{
        AggregateType, Append, Appended, AsOfTime, EventPage, EventSink, Import, Imported,
        IntoStore, ListStreams, Log, LogHealth, LogPage, LookBack, NewSnapshot, ReadCorrelation,
        ReadLog, ReadStream, Snapshots, StateSink, Store, StoreFuture, StreamId, Streams,
        tables::{
            Beside, Build, BuildState, Builds, Claim, Database, Drift, Duplicate, Flush, Key,
            Lease, Parked, Publish, Published, Row, Select, Skip, SkipEvent, Table, Tables,
        },
    },
};
use tokio::sync::watch;
use uuid::Uuid;

/// What a worker asks of its store, in the order of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// At its build; also between tries.
    Look,
    Hear,
    Claim,
    Begin,
    Read,
    Load,
    Flush,
    Publish,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the store does it.
    Before,
    /// When it is done, and the worker does not know it yet.
    After,
}

/// The steps of all: before and after each call that is part of the work.
pub fn all() -> impl Iterator<Item = (Call, Moment)> {
    use Call::{Begin, Claim, Flush, Hear, Load, Publish, Read};
    let calls = [Hear, Claim, Begin, Read, Load, Flush, Publish];
    let both = |call| [(call, Moment::Before), (call, Moment::After)];
    calls.into_iter().flat_map(both)
}

/// What stands still at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// This call alone.
    Call,
    /// Everything that the process asks of its store from then on.
    Process,
}

/// Where a worker stops.
#[derive(Clone, Debug)]
pub struct Steps(Arc<watch::Sender<State>>);

#[derive(Debug, Default)]
struct State {
    /// The step, and how often it is to be seen from now on.
    aim: Option<(Call, Moment, usize, Reach)>,
    stopped: Option<Reach>,
}

impl Default for Steps {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::default()))
    }
}

impl Steps {
    /// Stops at a step when it is seen for the `nth` time.
    pub fn aim(&self, (call, moment): (Call, Moment), nth: usize, reach: Reach) {
        let aim = Some((call, moment, nth, reach));
        let stopped = None;
        self.0.send_replace(State { aim, stopped });
    }

    /// Waits until the step is reached.
    pub async fn reached(&self) {
        let mut state = self.0.subscribe();
        let _ = state.wait_for(|state| state.stopped.is_some()).await;
    }

    /// Lets everything go on.
    pub fn let_go(&self) {
        self.0.send_replace(State::default());
    }

    async fn step(&self, call: Call, moment: Moment) {
        let mut is_it = false;
        self.0.send_if_modified(|state| {
            if let Some((wanted, at, left, reach)) = &mut state.aim
                && (*wanted, *at) == (call, moment)
            {
                *left -= 1;
                if *left == 0 {
                    state.stopped = Some(*reach);
                    state.aim = None;
                    is_it = true;
                }
            }
            is_it
        });
        let mut state = self.0.subscribe();
        let stands = |state: &State| match state.stopped {
            Some(Reach::Call) => is_it,
            Some(Reach::Process) => true,
            None => false,
        };
        let _ = state.wait_for(|state| !stands(state)).await;
    }

    async fn around<T>(&self, call: Call, done: impl Future<Output = T>) -> T {
        self.step(call, Moment::Before).await;
        let done = done.await;
        self.step(call, Moment::After).await;
        done
    }
}

#[derive(Clone, Debug)]
pub struct Stepped {
    store: Arc<dyn Store>,
    steps: Steps,
    /// How many events of the log are read at once at most.
    page: usize,
}

impl Stepped {
    pub fn around(store: impl IntoStore, steps: &Steps) -> Self {
        Self {
            store: store.into_store(),
            steps: steps.clone(),
            page: usize::MAX,
        }
    }

    /// One whose log comes in small pages.
    pub fn in_pages_of(page: usize, store: impl IntoStore) -> Self {
        let steps = Steps::default();
        Self {
            page,
            ..Self::around(store, &steps)
        }
    }

    fn inner(&self) -> &dyn Tables {
        self.store.tables().unwrap()
    }
}

impl Tables for Stepped {
    fn claim<'a>(&'a self, claim: Claim<'a>) -> StoreFuture<'a, Vec<(String, Lease)>> {
        Box::pin(self.steps.around(Call::Claim, self.inner().claim(claim)))
    }

    fn release<'a>(&'a self, worker: &'a str, lease: Lease, owner: Uuid) -> StoreFuture<'a, ()> {
        self.inner().release(worker, lease, owner)
    }

    fn heard<'a>(&'a self, worker: &'a str) -> StoreFuture<'a, Option<String>> {
        self.inner().heard(worker)
    }

    fn hear<'a>(
        &'a self,
        worker: &'a str,
        names: &'a str,
        before: Option<&'a str>,
    ) -> StoreFuture<'a, bool> {
        let hear = self.inner().hear(worker, names, before);
        Box::pin(self.steps.around(Call::Hear, hear))
    }

    fn parked<'a>(&'a self, worker: &'a str) -> StoreFuture<'a, Vec<Parked>> {
        self.inner().parked(worker)
    }

    fn load<'a>(&'a self, build: Build<'a>, keys: &'a [Key]) -> StoreFuture<'a, Vec<Row>> {
        let load = self.inner().load(build, keys);
        Box::pin(self.steps.around(Call::Load, load))
    }

    fn flush<'a>(&'a self, flush: Flush<'a>) -> StoreFuture<'a, bool> {
        Box::pin(self.steps.around(Call::Flush, self.inner().flush(flush)))
    }

    fn flush_beside<'a>(
        &'a self,
        flush: Flush<'a>,
        beside: &'a mut dyn Beside,
    ) -> StoreFuture<'a, bool> {
        let flush = self.inner().flush_beside(flush, beside);
        Box::pin(self.steps.around(Call::Flush, flush))
    }

    fn database(&self) -> Option<Database> {
        self.inner().database()
    }

    fn duplicate<'a>(
        &'a self,
        table: &'a Table,
        rows: &'a [Row],
    ) -> StoreFuture<'a, Option<Duplicate>> {
        self.inner().duplicate(table, rows)
    }

    fn mark<'a>(&'a self, build: Build<'a>, keys: &'a [Key]) -> StoreFuture<'a, ()> {
        self.inner().mark(build, keys)
    }

    fn earlier<'a>(
        &'a self,
        build: Build<'a>,
        after: Option<&'a Key>,
        limit: u32,
    ) -> StoreFuture<'a, Vec<Key>> {
        self.inner().earlier(build, after, limit)
    }

    fn select<'a>(&'a self, select: Select<'a>) -> StoreFuture<'a, Vec<Vec<Cell>>> {
        self.inner().select(select)
    }
}

impl Builds for Stepped {
    fn enlist<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, ()> {
        self.inner().enlist(table)
    }

    fn prepare<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, ()> {
        self.inner().prepare(table)
    }

    fn builds<'a>(&'a self, of: Option<&'a Table>) -> StoreFuture<'a, Vec<BuildState>> {
        Box::pin(self.steps.around(Call::Look, self.inner().builds(of)))
    }

    fn begin<'a>(&'a self, build: Build<'a>, lease: Lease, owner: Uuid) -> StoreFuture<'a, bool> {
        let begin = self.inner().begin(build, lease, owner);
        Box::pin(self.steps.around(Call::Begin, begin))
    }

    fn inspect<'a>(&'a self, build: Build<'a>) -> StoreFuture<'a, Vec<Drift>> {
        self.inner().inspect(build)
    }

    fn publish<'a>(&'a self, publish: Publish<'a>) -> StoreFuture<'a, Published> {
        let publish = self.inner().publish(publish);
        Box::pin(self.steps.around(Call::Publish, publish))
    }

    fn note_failure<'a>(
        &'a self,
        worker: &'a str,
        owner: Uuid,
        reason: &'a str,
    ) -> StoreFuture<'a, ()> {
        self.inner().note_failure(worker, owner, reason)
    }

    fn rebuild<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, u32> {
        self.inner().rebuild(table)
    }

    fn pause<'a>(&'a self, table: &'a Table, paused: bool) -> StoreFuture<'a, ()> {
        self.inner().pause(table, paused)
    }

    fn skip<'a>(&'a self, table: &'a Table, skip: SkipEvent<'a>) -> StoreFuture<'a, bool> {
        self.inner().skip(table, skip)
    }

    fn skips<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, Vec<Skip>> {
        self.inner().skips(table)
    }
}

impl Log for Stepped {
    fn read_log<'a>(
        &'a self,
        mut read: ReadLog<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, LogPage> {
        read.limit = read.limit.min(self.page);
        let read = self.store.read_log(read, sink);
        Box::pin(self.steps.around(Call::Read, read))
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

    fn poll_interval(&self) -> Duration {
        self.store.poll_interval()
    }
}

impl Streams for Stepped {
    fn store_id(&self) -> Uuid {
        self.store.store_id()
    }

    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        self.store.append(append)
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        self.store.read_state(read, sink)
    }

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
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

impl Import for Stepped {
    fn import(&self, events: Vec<RecordedEvent>) -> StoreFuture<'_, Imported> {
        self.store.import(events)
    }
}

impl Snapshots for Stepped {
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

impl Store for Stepped {
    fn tables(&self) -> Option<&dyn Tables> {
        Some(self)
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        self.store.close()
    }
}
