//! What the suite builds appends with and reads them back into.

use std::{
    ops::ControlFlow,
    sync::{Mutex, PoisonError},
};

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    record::{
        event::{NewEvent, RecordedEvent},
        id::{AggregateId, CommandId, EventId, TenantId},
        metadata::{EncodedMetadata, Metadata},
        snapshot::{NewSnapshot, StoredSnapshot},
        stream::{AggregateType, StreamId},
        timestamp::Timestamp,
        version::{Position, Version},
    },
    store::{
        RawEvent, ReadStream, StateSink,
        append::{Append, Appended, Expect},
        conformance::Subject,
        error::StoreError,
        port::Streams,
    },
};

/// A stream that nothing else uses.
pub(super) fn new_stream() -> StreamId {
    StreamId {
        tenant_id: TenantId::DEFAULT,
        aggregate_type: "Account".into(),
        aggregate_id: AggregateId::from_uuid(Uuid::now_v7()),
    }
}

/// One in a tenant of its own.
pub(super) fn in_new_tenant() -> StreamId {
    StreamId {
        tenant_id: new_tenant(),
        ..new_stream()
    }
}

/// What `Ledger` was called before.
const FORMERLY: &[&str] = &["Account", "Book"];
/// What another type was called before.
pub(super) const OF_ANOTHER: &[&str] = &["Debt"];

/// A stream in a tenant of its own, as builds know it from before and after its type was renamed twice.
pub(super) fn renamed() -> (StreamId, StreamId) {
    let former = in_new_tenant();
    let renamed = StreamId {
        aggregate_type: AggregateType::renamed("Ledger", &FORMERLY),
        ..former.clone()
    };
    (former, renamed)
}

/// A tenant that nothing else uses.
pub(super) fn new_tenant() -> TenantId {
    TenantId::from_uuid(Uuid::now_v7())
}

/// Texts of this many bytes take long to check or write in a debug build. They are kept for other rules and stores.
const LARGE: usize = 1024 * 1024;

pub(super) fn raw(json: &str) -> Box<RawValue> {
    static KNOWN: Mutex<Vec<Box<RawValue>>> = Mutex::new(Vec::new());
    let new = || RawValue::from_string(json.to_owned()).expect("the suite's own text is JSON");
    match json.len() < LARGE {
        true => new(),
        false => known(&KNOWN, |known| known.get() == json, new),
    }
}

pub(super) fn encoded(metadata: Metadata) -> EncodedMetadata {
    static KNOWN: Mutex<Vec<EncodedMetadata>> = Mutex::new(Vec::new());
    let actor = metadata.actor.as_ref().map_or(0, String::len);
    let new = |metadata| EncodedMetadata::new(metadata).expect("metadata serializes");
    match actor < LARGE {
        true => new(metadata),
        false => known(
            &KNOWN,
            |known| **known == metadata,
            || new(metadata.clone()),
        ),
    }
}

/// What is known already, or something new, which is known from then on.
fn known<T: Clone>(known: &Mutex<Vec<T>>, is: impl Fn(&T) -> bool, new: impl FnOnce() -> T) -> T {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.iter().find(|it| is(it)) {
        return known.clone();
    }
    let new = new();
    known.push(new.clone());
    new
}

/// An append of one event for each payload, under a new command id.
pub(super) fn append(stream: &StreamId, expect: Expect, payloads: &[&str]) -> Append {
    append_as(CommandId::new(), stream, expect, payloads)
}

/// An append under a given command id.
pub(super) fn append_as(
    command_id: CommandId,
    stream: &StreamId,
    expect: Expect,
    payloads: &[&str],
) -> Append {
    let event = |payload: &&str| NewEvent {
        event_type: "Deposited".into(),
        schema_version: 1,
        payload: raw(payload),
    };
    Append {
        stream: stream.clone(),
        expect,
        expect_last: None,
        command_id,
        events: payloads.iter().map(event).collect(),
        metadata: encoded(Metadata::new()),
        snapshot: None,
        rows: Vec::new(),
    }
}

/// The same append, its events having happened at a time.
pub(super) fn at(time: Timestamp, mut append: Append) -> Append {
    append.metadata = encoded(Metadata::new().timestamp(time));
    append
}

/// An event of another store, of an id that nothing else has, recorded as many seconds after the millennium as its
/// version says.
pub(super) fn recorded(stream: &StreamId, version: u64, payload: &str) -> RecordedEvent {
    let seconds = 946_684_800 + version.min(1_000_000).cast_signed();
    let recorded_at = Timestamp::from_micros(seconds * 1_000_000);
    let recorded_at = recorded_at.expect("a time of our calendar");
    RecordedEvent {
        position: Position::new(0),
        id: EventId::of(CommandId::new(), 0),
        tenant_id: stream.tenant_id,
        aggregate_type: (*stream.aggregate_type).into(),
        aggregate_id: stream.aggregate_id,
        version: Version::new(version),
        event_type: "Deposited".into(),
        schema_version: 1,
        payload: payload.to_owned(),
        metadata: encoded(Metadata::new()).into(),
        recorded_at,
        occurred_at: recorded_at,
    }
}

pub(super) fn snapshot(version: u64, state: &str) -> NewSnapshot {
    NewSnapshot {
        version: Version::new(version),
        schema_version: 1,
        state: raw(state),
    }
}

/// Appends `count` events, payload `{"n":1}` to `{"n":count}`, in appends of 1,000.
pub(super) async fn fill(store: &Subject, stream: &StreamId, count: u64) {
    let payloads: Vec<String> = (1..=count).map(|n| format!(r#"{{"n":{n}}}"#)).collect();
    for payloads in payloads.chunks(1_000) {
        let payloads: Vec<&str> = payloads.iter().map(String::as_str).collect();
        stored(store, append(stream, Expect::Any, &payloads)).await;
    }
}

/// Appends what must be stored, and says at which version the stream then is.
pub(super) async fn stored(store: &Subject, append: Append) -> Version {
    stored_in(&**store, append).await
}

/// The same in a transaction.
pub(super) async fn stored_in(streams: &dyn Streams, append: Append) -> Version {
    let stream = append.stream.clone();
    match streams.append(append).await {
        Ok(Appended::Stored { version, .. }) => version,
        other => panic!("an append to {stream} that fits must be stored, not {other:?}"),
    }
}

/// What a sink was given.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) end: Option<(Version, EventId)>,
    pub(super) snapshots: Vec<StoredSnapshot>,
    pub(super) events: Vec<LoadedEvent>,
    refuse_snapshots: bool,
    stop_after: Option<usize>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct LoadedEvent {
    pub(super) version: Version,
    pub(super) event_type: String,
    pub(super) schema_version: u32,
    pub(super) payload: String,
}

impl Loaded {
    pub(super) fn refusing_snapshots() -> Self {
        Self {
            refuse_snapshots: true,
            ..Self::default()
        }
    }

    pub(super) fn stopping_after(events: usize) -> Self {
        Self {
            stop_after: Some(events),
            ..Self::default()
        }
    }

    pub(super) fn versions(&self) -> Vec<u64> {
        self.events
            .iter()
            .map(|event| event.version.get())
            .collect()
    }

    pub(super) fn payloads(&self) -> Vec<&str> {
        self.events.iter().map(|event| &*event.payload).collect()
    }
}

impl StateSink for Loaded {
    fn ends_with(&mut self, version: Version, last: EventId) {
        self.end = Some((version, last));
    }

    fn snapshot(&mut self, snapshot: StoredSnapshot) -> bool {
        self.snapshots.push(snapshot);
        !self.refuse_snapshots
    }

    fn event(&mut self, event: RawEvent<'_>) -> ControlFlow<()> {
        self.events.push(LoadedEvent {
            version: event.version,
            event_type: event.event_type.to_owned(),
            schema_version: event.schema_version,
            payload: String::from_utf8(event.payload.to_vec()).expect("JSON is UTF-8"),
        });
        if self
            .stop_after
            .is_some_and(|most| self.events.len() >= most)
        {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// All events of a stream, as state is read.
pub(super) async fn load(store: &Subject, stream: &StreamId) -> Loaded {
    load_range(store, ReadStream::all(stream)).await
}

pub(super) async fn load_range(store: &Subject, read: ReadStream<'_>) -> Loaded {
    loaded(&**store, read).await
}

/// The same in a transaction.
pub(super) async fn loaded(streams: &dyn Streams, read: ReadStream<'_>) -> Loaded {
    let mut loaded = Loaded::default();
    let read = streams.read_state(read, &mut loaded).await;
    read.expect("a stream can be read");
    loaded
}

/// A read that may begin with a snapshot.
pub(super) fn with_snapshot(stream: &StreamId) -> ReadStream<'_> {
    ReadStream {
        snapshot: true,
        ..ReadStream::all(stream)
    }
}

/// All whole events of a stream.
pub(super) async fn events(store: &Subject, stream: &StreamId) -> Vec<RecordedEvent> {
    events_in(store, ReadStream::all(stream))
        .await
        .expect("a stream's events can be read")
}

pub(super) async fn events_in(
    store: &Subject,
    read: ReadStream<'_>,
) -> Result<Vec<RecordedEvent>, StoreError> {
    events_of(&**store, read).await
}

/// The same in a transaction.
pub(super) async fn events_of(
    streams: &dyn Streams,
    read: ReadStream<'_>,
) -> Result<Vec<RecordedEvent>, StoreError> {
    let mut events = Vec::new();
    let mut sink = |event| {
        events.push(event);
        ControlFlow::Continue(())
    };
    streams.read_events(read, &mut sink).await?;
    Ok(events)
}
