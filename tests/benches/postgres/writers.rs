//! Writers: each appends one event after another to a stream of its own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use intent_runtime::{
    AggregateId, CommandId, Metadata, PgStore, TenantId, Version,
    store::{Append, EncodedMetadata, Expect, NewEvent, StreamId, Streams, tables::InlineRow},
};
use serde_json::value::RawValue;
use tokio::task::JoinSet;
use uuid::Uuid;

pub const PAYLOAD: &str = r#"{"amount":5,"channel":"counter"}"#;

/// When an event was acknowledged.
pub type Acknowledged = (AggregateId, Version, Instant);

/// The rows that an append carries which brings a stream to a version.
pub type Rows = fn(&StreamId, Version) -> Vec<InlineRow>;

/// None.
pub fn no_rows(_: &StreamId, _: Version) -> Vec<InlineRow> {
    Vec::new()
}

/// How many events a second so many writers append, once each has appended its first.
pub async fn rate(store: &PgStore, writers: usize, seconds: u64) -> f64 {
    rate_to(stream, store, writers, seconds).await
}

/// The same, each to a stream of this kind.
pub async fn rate_to(
    stream: fn() -> StreamId,
    store: &PgStore,
    writers: usize,
    seconds: u64,
) -> f64 {
    rate_of(
        Writing::begin_on(stream, no_rows, store, writers).await,
        seconds,
    )
    .await
}

/// The same, each append with rows.
pub async fn rate_with(rows: Rows, store: &PgStore, writers: usize, seconds: u64) -> f64 {
    rate_of(
        Writing::begin_on(stream, rows, store, writers).await,
        seconds,
    )
    .await
}

async fn rate_of(writing: Writing, seconds: u64) -> f64 {
    let (begun, before) = (Instant::now(), writing.count());
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let (count, elapsed) = (writing.count() - before, begun.elapsed());
    writing.end().await;
    count as f64 / elapsed.as_secs_f64()
}

/// Writers at work.
pub struct Writing {
    count: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    writers: JoinSet<Vec<Acknowledged>>,
}

impl Writing {
    /// Starts them, and returns when each has appended its first event.
    pub async fn begin(store: &PgStore, writers: usize) -> Self {
        Self::begin_on(stream, no_rows, store, writers).await
    }

    async fn begin_on(
        stream: fn() -> StreamId,
        rows: Rows,
        store: &PgStore,
        writers: usize,
    ) -> Self {
        let mut streams = JoinSet::new();
        for _ in 0..writers {
            let store = store.clone();
            streams.spawn(async move {
                let stream = stream();
                append_with(rows, &store, &stream, Version::NONE).await;
                stream
            });
        }
        let mut writing = Self {
            count: Arc::default(),
            stop: Arc::default(),
            writers: JoinSet::new(),
        };
        for stream in streams.join_all().await {
            let store = store.clone();
            let (count, stop) = (Arc::clone(&writing.count), Arc::clone(&writing.stop));
            writing.writers.spawn(async move {
                let (mut acknowledged, mut version) = (Vec::new(), Version::FIRST);
                while !stop.load(Ordering::Relaxed) {
                    append_with(rows, &store, &stream, version).await;
                    version = Version::new(version.get() + 1);
                    acknowledged.push((stream.aggregate_id, version, Instant::now()));
                    count.fetch_add(1, Ordering::Relaxed);
                }
                acknowledged
            });
        }
        writing
    }

    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Stops them, and says what they wrote.
    pub async fn end(self) -> Vec<Acknowledged> {
        self.stop.store(true, Ordering::Relaxed);
        self.writers.join_all().await.concat()
    }
}

/// Appends one event to a stream at a version.
pub async fn append(store: &PgStore, stream: &StreamId, at: Version) {
    append_with(no_rows, store, stream, at).await;
}

async fn append_with(rows: Rows, store: &PgStore, stream: &StreamId, at: Version) {
    let event = NewEvent::new(
        "Deposited",
        1,
        RawValue::from_string(PAYLOAD.to_owned()).unwrap(),
    );
    let mut append = Append::new(
        stream.clone(),
        Expect::Version(at),
        CommandId::new(),
        vec![event],
        metadata(),
    );
    append.rows = rows(stream, Version::new(at.get() + 1));
    store.append(append).await.unwrap();
}

pub fn metadata() -> EncodedMetadata {
    EncodedMetadata::new(Metadata::new().actor("ada").source("bench")).unwrap()
}

pub fn stream() -> StreamId {
    StreamId {
        tenant_id: TenantId::DEFAULT,
        aggregate_type: "Account".into(),
        aggregate_id: AggregateId::from_uuid(Uuid::now_v7()),
    }
}

/// A stream of a tenant that has nothing else.
pub fn stream_of_its_own_tenant() -> StreamId {
    StreamId {
        tenant_id: TenantId::from_uuid(Uuid::now_v7()),
        ..stream()
    }
}
