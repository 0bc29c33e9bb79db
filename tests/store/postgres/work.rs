//! Random work of a tenant: the calls that it makes, and their answers.

use std::ops::ControlFlow;

use intent_runtime::{
    AggregateId, CommandId, Cursor, MemoryStore, Metadata, PgStore, RecordedEvent, StoreError,
    TenantId, Timestamp, Version,
    store::{
        Append, Appended, AsOfTime, EncodedMetadata, EventName, Expect, ListStreams, LogSelection,
        LookBack, NewEvent, NewSnapshot, NextPage, RawEvent, ReadCorrelation, ReadLog, ReadStream,
        StateSink, Store, StoredSnapshot, StreamId, Streams,
    },
};
use serde_json::value::RawValue;
use uuid::Uuid;

const TYPES: [&str; 2] = ["Account", "Loan"];
const AGGREGATES: usize = 5;
const COMMANDS: usize = 40;
/// The events' own times lie within so many seconds.
const SECONDS: i64 = 1_000;

/// Ids that every tenant uses, so that each is many tenants'.
#[derive(Clone)]
pub struct Ids {
    aggregates: Vec<AggregateId>,
    commands: Vec<CommandId>,
}

/// One thing to do.
#[derive(Clone, Debug)]
pub enum Task {
    Append(Append),
    /// The same within a transaction of one's own, which is then committed or rolled back.
    AppendIn(Append, bool),
    /// The same events as another store recorded them.
    Import(Append),
    ReadState(StreamId, Version, Version, bool),
    ReadEvents(StreamId, Version, Version),
    VersionAsOf(StreamId, AsOfTime),
    EventsOfCommand(CommandId),
    SaveSnapshot(StreamId, NewSnapshot),
    DeleteSnapshots(Option<&'static str>),
    ReadLog(LogSelection),
    LookBack(LogSelection),
    Correlation(CommandId),
    Streams(ListStreams),
}

/// What a store answers, as far as two stores can answer alike: without positions and its own times.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Stored(Version),
    /// How many events were stored, and how many were there.
    Imported(usize, usize),
    Events(Vec<Event>),
    Streams(Vec<AggregateId>),
    State(State),
    Version(Version),
    Deleted(u64),
    Done,
    Refused(String),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Event {
    tenant: TenantId,
    stream: (String, AggregateId, Version),
    id: Uuid,
    event_type: String,
    payload: String,
}

/// A snapshot, if one was offered, and the events after it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct State {
    snapshot: Option<StoredSnapshot>,
    events: Vec<(Version, String, String)>,
}

impl Ids {
    pub fn new() -> Self {
        let aggregate = |_| AggregateId::from_uuid(Uuid::now_v7());
        Self {
            aggregates: (0..AGGREGATES).map(aggregate).collect(),
            commands: (0..COMMANDS).map(|_| CommandId::new()).collect(),
        }
    }

    fn command(&self) -> CommandId {
        self.commands[fastrand::usize(..COMMANDS)]
    }

    fn stream(&self, tenant_id: TenantId) -> StreamId {
        let aggregate = fastrand::usize(..AGGREGATES);
        // Mostly of one type, which is another one in another tenant.
        let usual = (tenant_id.as_uuid().as_u128() as usize + aggregate) % 2;
        let odd = usize::from(fastrand::u8(..10) == 0);
        StreamId {
            tenant_id,
            aggregate_type: TYPES[(usual + odd) % 2].into(),
            aggregate_id: self.aggregates[aggregate],
        }
    }

    fn append(&self, tenant_id: TenantId) -> Append {
        let event = |_| {
            NewEvent::new(
                ["Opened", "Closed"][fastrand::usize(..2)],
                1,
                raw(&format!(r#"{{"of":"{tenant_id}"}}"#)),
            )
        };
        let expect = match fastrand::u8(..10) {
            0..=3 => Expect::Any,
            4 => Expect::NoStream,
            5 => Expect::Exists,
            _ => Expect::Version(version()),
        };
        let events: Vec<NewEvent> = (0..fastrand::u64(1..4)).map(event).collect();
        let after = expect
            .version()
            .and_then(|it| it.after(events.len() as u64));
        {
            let mut append = Append::new(
                self.stream(tenant_id),
                expect,
                if fastrand::bool() {
                    self.command()
                } else {
                    CommandId::new()
                },
                events,
                EncodedMetadata::new(self.metadata()).unwrap(),
            );
            append.snapshot = after.filter(|_| fastrand::bool()).map(|version| {
                let mut snapshot = snapshot(tenant_id);
                snapshot.version = version;
                snapshot
            });
            append
        }
    }

    fn metadata(&self) -> Metadata {
        let metadata = Metadata::new().timestamp(time());
        match fastrand::bool() {
            true => metadata.correlation_id(self.command().into()),
            false => metadata,
        }
    }

    /// Something for a tenant to do.
    pub fn task(&self, tenant: TenantId) -> Task {
        let stream = self.stream(tenant);
        let to = if fastrand::bool() {
            Version::MAX
        } else {
            version()
        };
        match fastrand::u8(..100) {
            0..=34 => Task::Append(self.append(tenant)),
            35..=39 => Task::Import({
                let mut append = self.append(tenant);
                append.expect = Expect::Any;
                append.snapshot = None;
                append
            }),
            40..=49 => Task::AppendIn(self.append(tenant), fastrand::u8(..4) > 0),
            50..=64 => Task::ReadState(stream, from(), to, fastrand::bool()),
            65..=72 => Task::ReadEvents(stream, from(), to),
            73..=79 => Task::VersionAsOf(
                stream,
                match fastrand::bool() {
                    true => AsOfTime::Recorded(Timestamp::MAX),
                    false => AsOfTime::Occurred(time()),
                },
            ),
            80..=86 => Task::EventsOfCommand(self.command()),
            87..=92 => Task::SaveSnapshot(stream, snapshot(tenant)),
            93..=94 => Task::DeleteSnapshots([None, Some(TYPES[0])][fastrand::usize(..2)]),
            95..=96 => Task::ReadLog(selection(&stream)),
            97 => Task::LookBack(selection(&stream)),
            98 => Task::Correlation(self.command()),
            _ => {
                let mut list = ListStreams::new(tenant, stream.aggregate_type, 3);
                list.after = fastrand::bool().then_some(stream.aggregate_id);
                list.newest_first = fastrand::bool();
                Task::Streams(list)
            }
        }
    }
}

fn selection(stream: &StreamId) -> LogSelection {
    match fastrand::u8(..3) {
        0 => LogSelection::all(),
        1 => LogSelection::all().name(EventName::new(Some(TYPES[0]), None)),
        _ => LogSelection::all().aggregate_id(stream.aggregate_id),
    }
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

fn version() -> Version {
    Version::new(fastrand::u64(0..12))
}

fn from() -> Version {
    match fastrand::u8(..3) {
        0 => version(),
        _ => Version::NONE,
    }
}

fn time() -> Timestamp {
    Timestamp::from_micros(fastrand::i64(0..SECONDS) * 1_000_000).unwrap()
}

fn snapshot(tenant: TenantId) -> NewSnapshot {
    NewSnapshot::new(
        version().after(1).unwrap(),
        fastrand::u32(1..3),
        raw(&format!(r#"{{"of":"{tenant}"}}"#)),
    )
}

impl Task {
    /// Does it on a store with which transactions can be shared.
    pub async fn on_postgres(
        self,
        store: &PgStore,
        tenant: TenantId,
        cursor: &mut Cursor,
    ) -> Answer {
        match self {
            Self::AppendIn(append, commits) => {
                let append = async {
                    let mut transaction = store.pool().begin().await.unwrap();
                    let appended = store.append_in(&mut transaction, append).await;
                    if commits {
                        transaction.commit().await.unwrap();
                    } else {
                        transaction.rollback().await.unwrap();
                    }
                    appended
                };
                match append.await {
                    _ if !commits => Answer::Done,
                    appended => answer(appended.map(Answer::from)),
                }
            }
            other => other.alone(store, tenant, cursor).await,
        }
    }

    /// Does it on any store. A call that is to be rolled back is not made.
    pub async fn alone(self, store: &dyn Store, tenant: TenantId, cursor: &mut Cursor) -> Answer {
        answer(self.done(store, tenant, cursor).await)
    }

    async fn done(
        self,
        store: &dyn Store,
        tenant: TenantId,
        cursor: &mut Cursor,
    ) -> Result<Answer, StoreError> {
        Ok(match self {
            Self::Append(append) | Self::AppendIn(append, true) => {
                store.append(append).await?.into()
            }
            Self::AppendIn(_, false) => Answer::Done,
            Self::Import(append) => {
                let (elsewhere, stream) = (MemoryStore::new(), append.stream.clone());
                elsewhere.append(append).await?;
                let mut recorded = Vec::new();
                let mut sink = |event| {
                    recorded.push(event);
                    ControlFlow::Continue(())
                };
                let read = elsewhere.read_events(ReadStream::all(&stream), &mut sink);
                read.await?;
                let imported = store.import(recorded).await?;
                Answer::Imported(imported.stored, imported.known)
            }
            Self::ReadState(stream, after, to, snapshot) => {
                let mut state = State::default();
                let mut read = ReadStream::all(&stream);
                (read.after, read.to, read.snapshot) = (after, to, snapshot);
                store.read_state(read, &mut state).await?;
                Answer::State(state)
            }
            Self::ReadEvents(stream, after, to) => {
                let mut events = Vec::new();
                let mut sink = |event| {
                    events.push(Event::from(event));
                    ControlFlow::Continue(())
                };
                let mut read = ReadStream::all(&stream);
                read.after = after;
                read.to = to;
                store.read_events(read, &mut sink).await?;
                Answer::Events(events)
            }
            Self::VersionAsOf(stream, time) => {
                Answer::Version(store.version_as_of(&stream, time).await?)
            }
            Self::EventsOfCommand(command) => {
                let events = store.events_of_command(tenant, command).await?;
                Answer::Events(events.into_iter().map(Event::from).collect())
            }
            Self::SaveSnapshot(stream, snapshot) => {
                store.save_snapshot(&stream, snapshot).await?;
                Answer::Done
            }
            Self::DeleteSnapshots(of) => {
                Answer::Deleted(store.delete_snapshots(tenant, of.map(Into::into)).await?)
            }
            Self::ReadLog(filter) => read_log(store, tenant, &filter, cursor).await?,
            Self::LookBack(filter) => {
                let mut look = LookBack::new(&filter, 20);
                look.tenant = Some(tenant);
                let found = look_back(store, look).await?;
                Answer::Events(found.into_iter().map(Event::from).collect())
            }
            Self::Correlation(command) => {
                let read = ReadCorrelation::new(tenant, command.into(), 3);
                let found = store.correlation(read).await?.events;
                Answer::Events(found.into_iter().map(Event::from).collect())
            }
            Self::Streams(list) => Answer::Streams(store.streams(list).await?),
        })
    }
}

/// Reads on to the end of the tenant's log, past whatever is under way.
async fn read_log(
    store: &dyn Store,
    tenant: TenantId,
    filter: &LogSelection,
    cursor: &mut Cursor,
) -> Result<Answer, StoreError> {
    let mut events = Vec::new();
    let mut sink = |event| {
        events.push(Event::from(event));
        ControlFlow::Continue(())
    };
    loop {
        let read = ReadLog::new(*cursor, Some(tenant), filter, 20);
        let page = store.read_log(read, &mut sink).await?;
        *cursor = page.cursor;
        if page.next == NextPage::End {
            return Ok(Answer::Events(events));
        }
    }
}

/// Looks back to the start of the log.
pub async fn look_back(
    store: &dyn Store,
    mut look: LookBack<'_>,
) -> Result<Vec<RecordedEvent>, StoreError> {
    let mut found = Vec::new();
    loop {
        let page = store.look_back(look).await?;
        found.extend(page.events);
        match page.next {
            Some(next) => look.from = Some(next),
            None => return Ok(found),
        }
    }
}

fn answer(done: Result<Answer, StoreError>) -> Answer {
    done.unwrap_or_else(|error| Answer::Refused(error.to_string()))
}

impl From<Appended> for Answer {
    fn from(appended: Appended) -> Self {
        match appended {
            Appended::Stored { version, .. } => Self::Stored(version),
            Appended::Before(events) => Self::Events(events.into_iter().map(Event::from).collect()),
        }
    }
}

impl From<RecordedEvent> for Event {
    fn from(event: RecordedEvent) -> Self {
        Self {
            tenant: event.tenant_id,
            stream: (
                event.aggregate_type.into(),
                event.aggregate_id,
                event.version,
            ),
            id: event.id.as_uuid(),
            event_type: event.event_type.into(),
            payload: event.payload.to_string(),
        }
    }
}

impl StateSink for State {
    fn snapshot(&mut self, snapshot: StoredSnapshot) -> bool {
        self.snapshot = Some(snapshot);
        true
    }

    fn event(&mut self, event: RawEvent<'_>) -> ControlFlow<()> {
        let payload = String::from_utf8(event.payload.to_vec()).unwrap();
        let event_type = event.event_type.to_owned();
        self.events.push((event.version, event_type, payload));
        ControlFlow::Continue(())
    }
}
