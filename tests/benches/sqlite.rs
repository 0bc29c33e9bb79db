//! The SQLite store beside bare SQL on the same table: appends by 32 tasks, and the load of one long stream.
//!
//! `cargo bench -p intent-tests --bench sqlite`. Both sides take turns, round by round, each on a file of its own;
//! medians and their ratio are reported.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark fails by panicking and reports by printing"
)]

use std::{ops::ControlFlow, path::PathBuf, sync::Arc, time::Instant};

use intent_runtime::{
    AggregateId, CommandId, EventId, Metadata, SqliteStore, TenantId, Timestamp,
    store::{
        Append, EncodedMetadata, Expect, NewEvent, RawEvent, ReadStream, StateSink, StoredSnapshot,
        StreamId, Streams,
    },
};
use serde::Deserialize;
use serde_json::value::RawValue;
use sqlx::{Connection, Row, SqliteConnection};
use uuid::Uuid;

const PAYLOAD: &str = r#"{"amount":5,"channel":"counter"}"#;
const TASKS: usize = 32;
const APPENDS: usize = 16_000;
const STREAM: usize = 10_000;
const ROUNDS: usize = 11;

/// One row, as the store writes it.
const INSERT: &str = "INSERT INTO intent_events (tenant_id, aggregate_id, version, aggregate_type, event_id, \
    event_type, schema_version, recorded_at, occurred_at, payload, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
/// What guards the table costs inserts, and bare SQL has none.
const GUARDS: [&str; 3] = [
    "DROP TRIGGER intent_events_never_change",
    "DROP TRIGGER intent_events_never_vanish",
    "DROP TRIGGER intent_events_never_replaced",
];
const LOAD: &str = "SELECT version, event_type, schema_version, payload FROM intent_events \
    WHERE tenant_id = ? AND aggregate_id = ? ORDER BY version";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        println!(
            "{:<44}{:>14}{:>14}{:>9}",
            "events per second, median of 11", "bare SQL", "store", "ratio"
        );
        report("append, 32 tasks, one event each, durable", append_round).await;
        report("load one stream of 10,000 events", load_round).await;
    });
}

/// Alternates the two sides and prints their medians, and the median of the ratios of neighbours: a disk that is
/// slow for a while is so for both.
async fn report<R: Future<Output = f64>>(name: &str, round: impl Fn(Side) -> R) {
    let mut figures = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (figures, side) in figures.iter_mut().zip([Side::Bare, Side::Store]) {
            figures.push(round(side).await);
        }
    }
    let [bare, store] = &figures;
    let ratios = store
        .iter()
        .zip(bare)
        .map(|(store, bare)| 100.0 * store / bare);
    println!(
        "{name:<44}{:>14.0}{:>14.0}{:>8.0}%",
        median(bare.clone()),
        median(store.clone()),
        median(ratios.collect()),
    );
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

#[derive(Clone, Copy)]
enum Side {
    Bare,
    Store,
}

async fn append_round(side: Side) -> f64 {
    let file = File::new().await;
    let start = Instant::now();
    match side {
        Side::Bare => append_bare(&file).await,
        Side::Store => append_store(&file).await,
    }
    per_second(APPENDS, start)
}

/// The same rows in transactions of 32, nothing checked, nobody answered.
async fn append_bare(file: &File) {
    let mut connection = file.connection().await;
    for guard in GUARDS {
        sqlx::query(guard).execute(&mut connection).await.unwrap();
    }
    for _ in 0..APPENDS / TASKS {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
        for _ in 0..TASKS {
            sqlx::query(INSERT)
                .bind(Uuid::nil().as_bytes().to_vec())
                .bind(Uuid::now_v7().as_bytes().to_vec())
                .bind(1)
                .bind("Account")
                .bind(
                    EventId::of(CommandId::new(), 0)
                        .as_uuid()
                        .as_bytes()
                        .to_vec(),
                )
                .bind("Deposited")
                .bind(1)
                .bind(Timestamp::now().as_micros())
                .bind(Timestamp::now().as_micros())
                .bind(PAYLOAD)
                .bind("{}")
                .execute(&mut *transaction)
                .await
                .unwrap();
        }
        transaction.commit().await.unwrap();
    }
}

async fn append_store(file: &File) {
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let store = file.store.clone();
            tokio::spawn(async move {
                for _ in 0..APPENDS / TASKS {
                    store
                        .append(append(&stream(), Expect::NoStream, 1))
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn load_round(side: Side) -> f64 {
    let file = File::new().await;
    let stream = stream();
    file.store
        .append(append(&stream, Expect::NoStream, STREAM))
        .await
        .unwrap();
    let mut connection = file.connection().await;
    let loads = 20;
    let mut start = Instant::now();
    for load in 0..=loads {
        // The first load opens connections and compiles statements.
        if load == 1 {
            start = Instant::now();
        }
        let sum = match side {
            Side::Bare => load_bare(&mut connection, &stream).await,
            Side::Store => load_store(&file.store, &stream).await,
        };
        assert_eq!(sum, 5 * STREAM as u64, "every event is loaded");
    }
    per_second(STREAM * loads, start)
}

async fn load_bare(connection: &mut SqliteConnection, stream: &StreamId) -> u64 {
    let rows = sqlx::query(LOAD)
        .bind(stream.tenant_id.as_uuid().as_bytes().to_vec())
        .bind(stream.aggregate_id.as_uuid().as_bytes().to_vec())
        .fetch_all(connection)
        .await
        .unwrap();
    let mut sum = 0;
    for row in &rows {
        let (_, _, _): (i64, &str, i64) = (row.get(0), row.get(1), row.get(2));
        sum += amount(row.get::<&str, _>(3).as_bytes());
    }
    sum
}

async fn load_store(store: &SqliteStore, stream: &StreamId) -> u64 {
    let mut sum = Sum(0);
    store
        .read_state(ReadStream::all(stream), &mut sum)
        .await
        .unwrap();
    sum.0
}

#[derive(Deserialize)]
struct Deposited {
    amount: u64,
    #[serde(rename = "channel")]
    _channel: String,
}

fn amount(payload: &[u8]) -> u64 {
    serde_json::from_slice::<Deposited>(payload).unwrap().amount
}

struct Sum(u64);

impl StateSink for Sum {
    fn snapshot(&mut self, _: StoredSnapshot) -> bool {
        false
    }

    fn event(&mut self, event: RawEvent<'_>) -> ControlFlow<()> {
        self.0 += amount(event.payload);
        ControlFlow::Continue(())
    }
}

fn stream() -> StreamId {
    StreamId {
        tenant_id: TenantId::DEFAULT,
        aggregate_type: "Account".into(),
        aggregate_id: AggregateId::from_uuid(Uuid::now_v7()),
    }
}

fn append(stream: &StreamId, expect: Expect, events: usize) -> Append {
    let event = || {
        NewEvent::new(
            "Deposited",
            1,
            RawValue::from_string(PAYLOAD.to_owned()).unwrap(),
        )
    };
    Append::new(
        stream.clone(),
        expect,
        CommandId::new(),
        std::iter::repeat_with(event).take(events).collect(),
        EncodedMetadata::new(Metadata::new()).unwrap(),
    )
}

/// A store's file in a directory of its own, removed at the end.
struct File {
    directory: PathBuf,
    store: Arc<SqliteStore>,
}

impl File {
    async fn new() -> Self {
        let directory = std::env::temp_dir().join(format!("intent-{}", Uuid::now_v7()));
        std::fs::create_dir(&directory).unwrap();
        let url = format!("sqlite:{}", directory.join("store.db").display());
        let store = Arc::new(SqliteStore::connect(&url).await.unwrap());
        Self { directory, store }
    }

    /// A connection beside the store's own, as durable.
    async fn connection(&self) -> SqliteConnection {
        let url = format!("sqlite:{}", self.directory.join("store.db").display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let durable = sqlx::query("PRAGMA synchronous = FULL");
        durable.execute(&mut connection).await.unwrap();
        connection
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // The system clears its temporary files in any case.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn per_second(events: usize, start: Instant) -> f64 {
    events as f64 / start.elapsed().as_secs_f64()
}
