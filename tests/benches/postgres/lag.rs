//! How long after its acknowledgement an event reaches a reader: of the same process, of another process, and one that asks by
//! position all the time, which misses events that commit late.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use intent_runtime::{AggregateId, LogFilter, PgStore, Subscription, Version};
use tokio::{sync::watch, task::JoinHandle};

use super::{
    log::Plain,
    median,
    place::{Database, Place},
    writers::{self, Acknowledged, Writing},
};

const ROUNDS: usize = 5;
const EVENTS: u64 = 100;
const LOAD: Duration = Duration::from_secs(3);

/// When an event came to a reader.
type Came = (AggregateId, Version, Instant);

#[derive(Clone, Copy)]
enum Kind {
    SameProcess,
    OtherProcess,
    Plain,
}

const KINDS: [(&str, Kind); 3] = [
    ("subscription, same process", Kind::SameProcess),
    ("subscription, another process", Kind::OtherProcess),
    ("plain poller, every millisecond when idle", Kind::Plain),
];

pub async fn report(place: &Place) {
    let database = place.database().await;
    let store = database.store().await;
    for (title, loaded) in [
        ("lag on an idle server, ms", false),
        ("lag under 64 writers, ms", true),
    ] {
        println!("\n{title:<48}{:>14}{:>14}", "median", "p99");
        let mut lags: [Vec<(f64, f64)>; 3] = Default::default();
        for _ in 0..ROUNDS {
            for (lags, (_, kind)) in lags.iter_mut().zip(KINDS) {
                database.clear().await;
                lags.push(lag(&database, &store, kind, loaded).await);
            }
        }
        for (lags, (name, _)) in lags.into_iter().zip(KINDS) {
            let (middle, high): (Vec<f64>, Vec<f64>) = lags.into_iter().unzip();
            println!("{name:<48}{:>14.2}{:>14.2}", median(middle), median(high));
        }
    }
}

/// The median and the 99th percentile, in milliseconds.
async fn lag(database: &Database, store: &PgStore, kind: Kind, loaded: bool) -> (f64, f64) {
    let (stop, reader) = reader(database, store, kind).await;
    let acknowledged = if loaded {
        let writing = Writing::begin(store, 64).await;
        tokio::time::sleep(LOAD).await;
        writing.end().await
    } else {
        write_slowly(store).await
    };
    let all: HashMap<_, _> = acknowledged
        .into_iter()
        .map(|(id, version, at)| ((id, version), at))
        .collect();
    stop.send_replace(all.len());
    let mut lags: Vec<f64> = reader
        .await
        .unwrap()
        .into_iter()
        .filter_map(|(id, version, came)| {
            let acknowledged = all.get(&(id, version))?;
            Some(came.saturating_duration_since(*acknowledged).as_secs_f64() * 1e3)
        })
        .collect();
    lags.sort_by(f64::total_cmp);
    (lags[lags.len() / 2], lags[lags.len() * 99 / 100])
}

async fn write_slowly(store: &PgStore) -> Vec<Acknowledged> {
    let (stream, mut acknowledged) = (writers::stream(), Vec::new());
    for version in 0..EVENTS {
        writers::append(store, &stream, Version::new(version)).await;
        acknowledged.push((
            stream.aggregate_id,
            Version::new(version + 1),
            Instant::now(),
        ));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    acknowledged
}

/// A reader at work. It ends when it has seen the given number of events, not counting the first event of each stream under
/// load.
async fn reader(
    database: &Database,
    store: &PgStore,
    kind: Kind,
) -> (watch::Sender<usize>, JoinHandle<Vec<Came>>) {
    let (stop, mut enough) = watch::channel(usize::MAX);
    let store = match kind {
        Kind::SameProcess => store.clone(),
        Kind::OtherProcess | Kind::Plain => database.store().await,
    };
    let mut connection = database.connection().await;
    let reading = tokio::spawn(async move {
        let mut came = Vec::new();
        if matches!(kind, Kind::Plain) {
            // If it were planned on the empty table, the query would go on scanning the whole table.
            let index = sqlx::query("SET enable_seqscan = off");
            index.execute(&mut connection).await.unwrap();
            let mut position = 0;
            while came.len() < *enough.borrow() {
                let events = Plain::next(&mut connection, position).await;
                if events.is_empty() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                let now = Instant::now();
                for event in events {
                    position = event.position;
                    let version = Version::new(event.version.unsigned_abs());
                    came.push((AggregateId::from_uuid(event.aggregate_id), version, now));
                }
            }
            return came;
        }
        let mut log = Subscription::new(Arc::new(store), None, LogFilter::all());
        while came.len() < *enough.borrow() {
            tokio::select! {
                event = log.next() => {
                    let event = event.unwrap();
                    came.push((event.aggregate_id, event.version, Instant::now()));
                }
                _ = enough.changed() => {}
            }
        }
        came
    });
    // The first look at an empty log, so that it waits for what comes.
    tokio::time::sleep(Duration::from_millis(300)).await;
    (stop, reading)
}
