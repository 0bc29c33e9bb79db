//! Appends by several writers, beside `pgbench` inserting the same row into the same table, one statement a row.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use super::{
    heading, in_turn, line,
    place::{Database, Place},
    writers::{self, PAYLOAD},
};

const SECONDS: u64 = 3;
const ROUNDS: usize = 5;
const WRITERS: [usize; 4] = [1, 8, 64, 256];
const SLOWER: Duration = Duration::from_micros(500);

/// One row. Its ids rise, as ours do, and each client has a stream of its own.
const INSERT: &str = r"\set n :n + 1
INSERT INTO public.bare (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at,
                         aggregate_type, event_type, payload, metadata)
VALUES ('00000000-0000-0000-0000-000000000000', lpad(to_hex(:client_id::bigint), 32, '0')::uuid,
        (lpad(to_hex(:n::bigint), 16, '0') || lpad(to_hex(:client_id::bigint), 16, '0'))::uuid, :n, 1,
        clock_timestamp(), clock_timestamp(), 'Account', 'Deposited', '{payload}', '{metadata}');
";

pub async fn report(place: &Place) {
    heading("append, one durable event each, events/s", "pgbench");
    for writers in WRITERS {
        let database = place.database().await;
        compare(&database, writers, "").await;
    }
    // On a fast local disk a flush can take a tenth of a millisecond; on a network disk, ten times that.
    let database = place.database().await;
    database.slow_down_commits(SLOWER).await;
    let what = format!(", disk {} ms slower", SLOWER.as_secs_f64() * 1_000.0);
    compare(&database, 1, &what).await;
}

async fn compare(database: &Database, writers: usize, what: &str) {
    let store = database.store().await;
    let ours = async || {
        database.clear().await;
        writers::rate(&store, writers, SECONDS).await
    };
    let bare = async || {
        database.clear().await;
        pgbench(database, writers).await
    };
    let rates = in_turn(ROUNDS, ours, bare).await;
    line(&format!("{writers} writers{what}"), rates);
}

/// How many rows a second `pgbench` inserts.
async fn pgbench(database: &Database, clients: usize) -> f64 {
    let script = std::env::temp_dir().join(format!("intent-{}.sql", uuid::Uuid::now_v7()));
    let text = INSERT.replace("{payload}", PAYLOAD);
    let text = text.replace("{metadata}", writers::metadata().json());
    std::fs::write(&script, text).unwrap();
    let mut pgbench = Command::new(Place::program("pgbench"));
    pgbench
        .args(["-n", "-M", "prepared", "-j", "2", "-D", "n=0"])
        .args(["-c", &clients.to_string(), "-T", &SECONDS.to_string(), "-f"])
        .arg(&script)
        .arg(database.url())
        .stderr(Stdio::inherit());
    let output = tokio::task::spawn_blocking(move || pgbench.output()).await;
    let output = output
        .unwrap()
        .expect("pgbench is installed with the server");
    std::fs::remove_file(script).unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let rate = said.lines().find_map(|line| {
        let rate = line.strip_prefix("tps = ")?;
        rate.split(' ').next()?.parse().ok()
    });
    rate.expect("pgbench says how many transactions a second it made")
}
