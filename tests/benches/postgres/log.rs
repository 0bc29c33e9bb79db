//! Reading the log, compared with the plain way of asking for the next thousand by position, which misses events that commit
//! late.

use std::{sync::Arc, time::Instant};

use intent_runtime::{LogFilter, Metadata, Subscription};
use sqlx::{PgConnection, Row};

use super::{
    heading, in_turn, line,
    load::{amount, filled},
    place::Place,
};

pub const NEXT: &str = "SELECT position, tenant_id, aggregate_id, aggregate_type, version, event_id, event_type, \
    schema_version, recorded_at::text, payload::text, metadata::text FROM intent.events \
    WHERE position > $1 ORDER BY position LIMIT 1000";
const STREAMS: usize = 20;
const EVENTS: usize = STREAMS * 10_000;
const ROUNDS: usize = 5;

pub async fn report(place: &Place) {
    heading("read the log, events/s", "plain SQL");
    let database = place.database().await;
    let store = database.store().await;
    for _ in 0..STREAMS {
        filled(&store, EVENTS / STREAMS).await;
    }
    database.run("VACUUM ANALYZE intent.events").await;
    let connection = tokio::sync::Mutex::new(database.connection().await);
    let ours = async || {
        let mut log = Subscription::new(Arc::new(store.clone()), None, LogFilter::all());
        let (begun, mut sum) = (Instant::now(), 0);
        for _ in 0..EVENTS {
            sum += amount(log.next().await.unwrap().payload.as_bytes());
        }
        assert_eq!(sum, 5 * EVENTS as u64);
        EVENTS as f64 / begun.elapsed().as_secs_f64()
    };
    let bare = async || {
        let mut connection = connection.lock().await;
        let (begun, mut sum) = (Instant::now(), 0);
        let (mut position, mut count) = (0, 0);
        while count < EVENTS {
            let rows = sqlx::query(NEXT).bind(position).fetch_all(&mut *connection);
            for row in rows.await.unwrap() {
                let event = Plain::of(&row);
                position = event.position;
                sum += amount(event.payload.as_bytes());
                count += 1;
            }
        }
        assert_eq!(sum, 5 * EVENTS as u64);
        EVENTS as f64 / begun.elapsed().as_secs_f64()
    };
    let what = format!("{EVENTS} events, all of them wanted");
    line(&what, in_turn(ROUNDS, ours, bare).await);
}

/// A row of the log as plain SQL gives it, with all that a recorded event has.
pub struct Plain {
    pub position: i64,
    pub aggregate_id: uuid::Uuid,
    pub version: i64,
    pub payload: String,
    _rest: (
        uuid::Uuid,
        String,
        uuid::Uuid,
        String,
        i64,
        String,
        Metadata,
    ),
}

impl Plain {
    fn of(row: &sqlx::postgres::PgRow) -> Self {
        Self {
            position: row.get(0),
            aggregate_id: row.get(2),
            version: row.get(4),
            payload: row.get(9),
            _rest: (
                row.get(1),
                row.get(3),
                row.get(5),
                row.get(6),
                row.get(7),
                row.get(8),
                serde_json::from_str(row.get(10)).unwrap(),
            ),
        }
    }

    /// The next rows behind a position.
    pub async fn next(connection: &mut PgConnection, position: i64) -> Vec<Self> {
        let rows = sqlx::query(NEXT).bind(position).fetch_all(connection);
        rows.await.unwrap().iter().map(Self::of).collect()
    }
}
