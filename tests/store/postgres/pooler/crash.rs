//! A crash takes positions back that were drawn and not stored. A client's connection to a pooler outlives it, so it
//! must not make a reader believe what was known before.

use std::ops::ControlFlow;

use intent_runtime::{
    Cursor, PgStore, Position,
    store::{Appended, Log, LogPage, LogSelection, NextPage, ReadLog, Store, Streams},
};
use intent_tests::postgres::{Bouncer, Cluster, Options, PoolOptions};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, PgConnection};

use crate::store::appending::{append, stream};

#[tokio::test]
async fn a_reader_skips_nothing_after_a_crash_of_the_server() {
    let crash = async |cluster: &Cluster| {
        cluster.kill_9().await;
        cluster.restart().await;
    };
    a_reader_skips_nothing_after(crash).await;
}

#[tokio::test]
async fn a_reader_skips_nothing_after_a_crash_of_one_process() {
    // The server ends the other connections too, and goes on with what is on disk.
    let crash = async |cluster: &Cluster| {
        let mut witness = PgConnection::connect(&cluster.superuser_url())
            .await
            .unwrap();
        let mut victim = PgConnection::connect(&cluster.superuser_url())
            .await
            .unwrap();
        let process = sqlx::query_scalar("SELECT pg_backend_pid()");
        let process: i32 = process.fetch_one(&mut victim).await.unwrap();
        kill_process(Pid::from_raw(process).unwrap(), Signal::KILL).unwrap();
        while witness.ping().await.is_ok() {
            tokio::task::yield_now().await;
        }
        while PgConnection::connect(&cluster.superuser_url())
            .await
            .is_err()
        {
            tokio::task::yield_now().await;
        }
    };
    a_reader_skips_nothing_after(crash).await;
}

async fn a_reader_skips_nothing_after(crash: impl AsyncFnOnce(&Cluster)) {
    // Data that no commit writes to disk must not get there by itself.
    let options = Options::fast().set("wal_writer_delay", "10s");
    let cluster = Cluster::start(options).await;
    let bouncer = Bouncer::start(cluster.server(), PoolOptions::transaction()).await;

    // A gap, at which a reader finds out what is settled. At its end, the store has sent everything else that it had to send.
    let before = PgStore::connect(&cluster.superuser_url()).await.unwrap();
    before.append(append(&stream(), 1)).await.unwrap();
    draw(&before, 1).await;
    let last = position(before.append(append(&stream(), 1)).await.unwrap());
    before.close().await.unwrap();
    cluster.restart().await;

    // It finds out that nothing is under way up to `drawn`.
    let store = PgStore::connect(&bouncer.url("postgres")).await.unwrap();
    let drawn = draw(&store, 100).await;
    let mut after = Cursor::START;
    while after.place().map(|(_, position)| position) != Some(last) {
        after = read(&store, after).await.1.cursor;
    }

    crash(&cluster).await;
    // The pooler may find out by its next use that its connections are gone.
    while sqlx::query("SELECT").execute(store.pool()).await.is_err() {
        tokio::task::yield_now().await;
    }
    let (_, page) = read(&store, after).await;
    assert_eq!((page.cursor, page.next), (after, NextPage::End), "it holds");

    let mut open = store.pool().begin().await.unwrap();
    let earlier = store.append_in(&mut open, append(&stream(), 1)).await;
    let earlier = position(earlier.unwrap());
    let later = position(store.append(append(&stream(), 1)).await.unwrap());
    assert!(
        earlier < later && later < drawn,
        "the crash took positions back: {earlier} and {later} are drawn where {drawn} was"
    );
    for _ in 0..10 {
        let (seen, page) = read(&store, after).await;
        assert_eq!(seen, [], "{earlier} may yet come");
        assert_eq!(page.next, NextPage::HeldUp);
    }
    open.commit().await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let (more, page) = read(&store, after).await;
        seen.extend(more);
        after = page.cursor;
    }
    assert_eq!(seen, [earlier, later]);
}

/// Draws positions that are never used, and returns the last one. Failed inserts would draw them too, but they write rows, and
/// a full page of these would be written to disk.
async fn draw(store: &PgStore, positions: i32) -> Position {
    let mut transaction = store.pool().begin().await.unwrap();
    let draw =
        "SELECT max(nextval('intent.events_position_seq')) FROM generate_series(1, $1) AS turn";
    let draw = sqlx::query_scalar(draw).bind(positions);
    let drawn: i64 = draw.fetch_one(&mut *transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    Position::new(drawn.unsigned_abs())
}

fn position(appended: Appended) -> Position {
    match appended {
        Appended::Stored { position, .. } => position,
        Appended::Before(events) => panic!("seen before: {events:?}"),
    }
}

async fn read(store: &PgStore, after: Cursor) -> (Vec<Position>, LogPage) {
    let mut seen = Vec::new();
    let filter = LogSelection::all();
    let read = ReadLog::new(after, None, &filter, 10);
    let mut sink = |event: intent_runtime::RecordedEvent| {
        seen.push(event.position);
        ControlFlow::Continue(())
    };
    let page = store.read_log(read, &mut sink).await.unwrap();
    (seen, page)
}
