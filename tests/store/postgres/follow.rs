//! Reading the log, and what else goes through the pool, from a server that is slow, silent or gone for a moment.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use intent_runtime::{
    Cursor, LogFilter, PgStore, RecordedEvent, StoreError, Subscription, Version,
    store::{Log, LogSelection, NextPage, ReadLog, ReadStream, Snapshots, Streams},
};
use intent_tests::postgres::{Proxy, TempDatabase};
use sqlx::Executor;
use tokio::time::{pause, resume, timeout};

use crate::store::appending::{append, append_payload, snapshot, stream};

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    let database = TempDatabase::new().await;
    let store = PgStore::connect(&database.url()).await.unwrap();
    let stream = stream();
    store.append(append(&stream, 1)).await.unwrap();
    let mut holder = database.connect().await.unwrap();
    for call in 0..4 {
        assert_eq!(read_log(&store).await.unwrap().len(), 1);
        let hold = "BEGIN; LOCK TABLE intent.events, intent.snapshots IN ACCESS EXCLUSIVE MODE";
        sqlx::raw_sql(hold).execute(&mut holder).await.unwrap();
        pause();
        let silent = match call {
            0 => read_log(&store).await.map(drop),
            1 => {
                let mut sink = |_| ControlFlow::Continue(());
                store.read_events(ReadStream::all(&stream), &mut sink).await
            }
            2 => {
                store
                    .save_snapshot(&stream, snapshot(Version::new(1)))
                    .await
            }
            _ => store
                .delete_snapshots(stream.tenant_id, None)
                .await
                .map(drop),
        };
        let error = silent.unwrap_err();
        resume();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
        assert!(
            format!("{error:?}").contains("did not answer within 30 seconds"),
            "{error:?}"
        );
        holder.execute("ROLLBACK").await.unwrap();
    }
    assert_eq!(read_log(&store).await.unwrap().len(), 1, "it goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_the_log_does_not_learn_of_dead_connections() {
    let database = TempDatabase::new().await;
    let store = Arc::new(PgStore::connect(&database.url()).await.unwrap());
    let mut admin = database.connect().await.unwrap();
    for round in 1..=3 {
        // A gap that has to be asked about, on the connection for that.
        let gap = "SELECT nextval('intent.events_position_seq')";
        admin.execute(gap).await.unwrap();
        store.append(append(&stream(), 1)).await.unwrap();
        let reads = (0..8).map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { read_log(&store).await.map(|events| events.len()) })
        });
        for read in reads.collect::<Vec<_>>() {
            assert_eq!(read.await.unwrap().unwrap(), 2 * round - 1);
        }
        admin.execute(gap).await.unwrap();
        store.append(append(&stream(), 1)).await.unwrap();
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND query NOT LIKE '%Appends%'";
        admin.execute(end).await.unwrap();
        assert_eq!(read_log(&store).await.unwrap().len(), 2 * round);
    }
}

/// What is committed while a page is being read belongs to the next one: how far it goes and what is in it are seen at once.
#[tokio::test]
async fn what_is_committed_while_a_page_is_read_is_in_the_next_one() {
    const ASKS: &str = "intent.log_ahead($2,";
    const WAITS: &str =
        "intent.log_ahead($2 + (SELECT count(*) - 1 FROM pg_advisory_xact_lock_shared(5)),";
    let database = TempDatabase::new().await;
    let writing = PgStore::connect(&database.url()).await.unwrap();
    let rewrite = |text: &str| text.replace(ASKS, WAITS);
    let proxy = Proxy::rewriting(database.server(), rewrite).await;
    let reading = PgStore::connect(&proxy.url(database.name())).await.unwrap();
    writing.append(append(&stream(), 1)).await.unwrap();
    let mut holder = database.connect().await.unwrap();
    let hold = "SELECT pg_advisory_lock(5)";
    holder.execute(hold).await.unwrap();
    let mut log = Subscription::new(Arc::new(reading), None, LogFilter::all());
    let page = tokio::spawn(async move { (log.next().await.unwrap(), log) });
    let waits = "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
                 WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted";
    while sqlx::query_scalar::<_, i64>(waits)
        .fetch_one(&mut holder)
        .await
        .unwrap()
        == 0
    {
        tokio::task::yield_now().await;
    }
    writing.append(append(&stream(), 1)).await.unwrap();
    holder
        .execute("SELECT pg_advisory_unlock(5)")
        .await
        .unwrap();
    let (first, mut log) = page.await.unwrap();
    // If a page had gone further than its events, the second event would be lost.
    let second = timeout(Duration::from_secs(20), log.next()).await;
    let second = second.expect("it is not passed over").unwrap();
    assert!(first.position < second.position);
}

#[tokio::test]
async fn large_events_are_read_in_small_pages() {
    let database = TempDatabase::new().await;
    let store = Arc::new(PgStore::connect(&database.url()).await.unwrap());
    // Tiny, as they are stored.
    let payload = format!("\"{}\"", "a".repeat(3 * 1024 * 1024));
    let stream = stream();
    for _ in 0..8 {
        store
            .append(append_payload(&stream, &payload))
            .await
            .unwrap();
    }
    let mut log = Subscription::new(store, None, LogFilter::all());
    for version in 1..=8 {
        let event = log.next().await.unwrap();
        assert_eq!(
            (event.version.get(), event.payload.len()),
            (version, payload.len())
        );
    }
}

/// The log of all tenants up to its end.
async fn read_log(store: &PgStore) -> Result<Vec<RecordedEvent>, StoreError> {
    let mut events = Vec::new();
    let mut sink = |event| {
        events.push(event);
        ControlFlow::Continue(())
    };
    let filter = LogSelection::all();
    let mut after = Cursor::START;
    loop {
        let read = ReadLog::new(after, None, &filter, 100);
        let page = store.read_log(read, &mut sink).await?;
        if page.next == NextPage::End {
            return Ok(events);
        }
        after = page.cursor;
    }
}
