//! Loads of one long stream, beside sqlx row by row, both read into the event's type.

use std::{ops::ControlFlow, time::Instant};

use futures_util::TryStreamExt;
use intent_runtime::{
    CommandId, PgStore,
    store::{
        Append, Expect, NewEvent, RawEvent, ReadStream, StateSink, StoredSnapshot, StreamId,
        Streams,
    },
};
use serde::Deserialize;
use serde_json::value::RawValue;
use sqlx::{PgConnection, Row};

use super::{
    heading, in_turn, line,
    place::Place,
    writers::{PAYLOAD, metadata, stream},
};

const LOAD: &str = "SELECT version, event_type, schema_version, payload::text FROM intent.events \
    WHERE tenant_id = $1 AND aggregate_id = $2 ORDER BY version";
const LOADS: usize = 20;
const ROUNDS: usize = 11;

pub async fn report(place: &Place) {
    heading("load one stream, events/s", "bare SQL");
    for events in [1_000, 10_000] {
        let database = place.database().await;
        let store = database.store().await;
        let stream = filled(&store, events).await;
        let connection = tokio::sync::Mutex::new(database.connection().await);
        let expected = 5 * events as u64;
        let ours = async || {
            let begun = Instant::now();
            for _ in 0..LOADS {
                assert_eq!(load(&store, &stream).await, expected);
            }
            (LOADS * events) as f64 / begun.elapsed().as_secs_f64()
        };
        let bare = async || {
            let mut connection = connection.lock().await;
            let begun = Instant::now();
            for _ in 0..LOADS {
                assert_eq!(load_bare(&mut connection, &stream).await, expected);
            }
            (LOADS * events) as f64 / begun.elapsed().as_secs_f64()
        };
        line(
            &format!("{events} events"),
            in_turn(ROUNDS, ours, bare).await,
        );
    }
}

/// A stream with so many events.
pub async fn filled(store: &PgStore, events: usize) -> StreamId {
    let stream = stream();
    let event = || {
        NewEvent::new(
            "Deposited",
            1,
            RawValue::from_string(PAYLOAD.to_owned()).unwrap(),
        )
    };
    let append = Append::new(
        stream.clone(),
        Expect::NoStream,
        CommandId::new(),
        std::iter::repeat_with(event).take(events).collect(),
        metadata(),
    );
    store.append(append).await.unwrap();
    stream
}

/// The sum of the amounts in a stream.
pub async fn load(store: &PgStore, stream: &StreamId) -> u64 {
    let mut sum = Sum(0);
    let read = store.read_state(ReadStream::all(stream), &mut sum);
    read.await.unwrap();
    sum.0
}

async fn load_bare(connection: &mut PgConnection, stream: &StreamId) -> u64 {
    let mut rows = sqlx::query(LOAD)
        .bind(stream.tenant_id.as_uuid())
        .bind(stream.aggregate_id.as_uuid())
        .fetch(connection);
    let mut sum = 0;
    while let Some(row) = rows.try_next().await.unwrap() {
        let _: (i64, &str, i64) = (row.get(0), row.get(1), row.get(2));
        sum += amount(row.get::<&str, _>(3).as_bytes());
    }
    sum
}

#[derive(Deserialize)]
struct Deposited {
    amount: u64,
    #[serde(rename = "channel")]
    _channel: String,
}

pub fn amount(payload: &[u8]) -> u64 {
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
