//! Reading much takes no more memory than reading little.

use std::{fs, sync::Arc};

use intent_runtime::{LogFilter, Subscription};

use super::{
    load::{amount, filled, load},
    place::{Database, Place},
};

const STREAM: usize = 100_000;
const STREAMS: usize = 10;
/// How much memory either may take more than the process had, in MiB. A few pages of the log are less than this.
const MOST: u64 = 48;

pub async fn report(place: &Place) {
    println!(
        "\n{:<48}{:>14}",
        "memory, MiB beyond what there was", "ours"
    );
    let database = place.database().await;
    let store = database.store().await;
    let stream = filled(&store, 10_000).await;
    copy(&database).await;
    for _ in 1..STREAMS {
        filled(&store, 10_000).await;
        copy(&database).await;
    }
    let before = peak_from_now();
    assert_eq!(load(&store, &stream).await, 5 * STREAM as u64);
    say("load one stream of 100,000 events", before);
    let before = peak_from_now();
    let mut log = Subscription::new(Arc::new(store), None, LogFilter::all());
    let mut sum = 0;
    for _ in 0..STREAMS * STREAM {
        sum += amount(log.next().await.unwrap().payload.as_bytes());
    }
    assert_eq!(sum, 5 * (STREAMS * STREAM) as u64);
    say("read a log of 1,000,000 events", before);
}

/// Appends to the newest stream of 10,000 events until it has 100,000.
async fn copy(database: &Database) {
    database
        .run(
            "INSERT INTO intent.events (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at,
                                        occurred_at, aggregate_type, event_type, payload, metadata)
             SELECT tenant_id, aggregate_id, gen_random_uuid(), version + 10000 * number, schema_version, recorded_at,
                    occurred_at, aggregate_type, event_type, payload, metadata
             FROM intent.events, generate_series(1, 9) AS number
             WHERE position > (SELECT max(position) - 10000 FROM intent.events)
             ORDER BY number, version",
        )
        .await;
}

fn say(what: &str, before: u64) {
    let grown = (memory("VmHWM:").saturating_sub(before)) / 1024;
    println!("{what:<48}{grown:>14}");
    assert!(grown < MOST, "memory grows with what is read");
}

/// Resets the highest use of memory, and returns the present use in KiB. Only Linux reports these.
pub fn peak_from_now() -> u64 {
    fs::write("/proc/self/clear_refs", "5").expect("this part runs on Linux");
    memory("VmRSS:")
}

/// A figure of the process's memory in KiB, by its name in `/proc/self/status`.
pub fn memory(what: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("this part runs on Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.expect("the process's use of memory")
}
