//! What it costs to read a long log from its start.

use std::sync::Arc;

use intent_runtime::{
    PgStore, Subscription,
    store::{LogSelection, Store, Streams},
};
use intent_tests::postgres::TempDatabase;
use sqlx::PgConnection;

use crate::store::appending::{append_payload, stream};

const EVENTS: i64 = 20_000;
/// Of these, no more than eight fit into a page.
const LARGE: usize = 1024 * 1024;

/// Reads to the end of the log, and says how many events each page had.
async fn pages(store: &PgStore) -> Vec<usize> {
    let mut log = Subscription::new(Arc::new(store.clone()), None, LogSelection::all());
    let mut pages = Vec::new();
    loop {
        let page = log.next_page().await.unwrap();
        pages.push(page.events.len());
        if page.end {
            return pages;
        }
    }
}

/// How many events the server has fetched one by one, in the order of an index of positions.
async fn fetched(connection: &mut PgConnection) -> i64 {
    let fetched =
        "SELECT idx_tup_fetch FROM pg_stat_user_indexes WHERE indexrelname = 'events_position'";
    sqlx::query_scalar(fetched)
        .fetch_one(connection)
        .await
        .unwrap()
}

/// A server that knows nothing of the table yet would rather collect the events of a page and sort them.
#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_young_database_are_not_sorted() {
    let database = TempDatabase::new().await;
    let store = PgStore::connect(&database.url()).await.unwrap();
    let mut connection = database.connect().await.unwrap();
    let fill = "INSERT INTO intent.events (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at,
                                           aggregate_type, event_type, payload, metadata)
                SELECT md5('tenant')::uuid, gen_random_uuid(), gen_random_uuid(), 1, 1, now(), now(), 'Account', 'Opened', '{}', '{}'
                FROM generate_series(1, $1)";
    let fill = sqlx::query(fill).bind(EVENTS).execute(&mut connection);
    fill.await.unwrap();

    let read: usize = pages(&store).await.iter().sum();
    assert_eq!(read, usize::try_from(EVENTS).unwrap());
    store.close().await.unwrap();
    // The server counts when connections end. Before the events are sent, they are counted by the same index.
    while fetched(&mut connection).await < EVENTS {}
    let fetched = fetched(&mut connection).await;
    assert!(fetched >= 2 * EVENTS, "only {fetched} of {EVENTS} events");
}

/// The first page of large events is cut short while they come, the others before they are sent.
#[tokio::test(flavor = "multi_thread")]
async fn pages_of_large_events_are_short() {
    let database = TempDatabase::new().await;
    let store = PgStore::connect(&database.url()).await.unwrap();
    let payload: String = std::iter::repeat_with(fastrand::alphanumeric)
        .take(LARGE)
        .collect();
    let payload = format!(r#"{{"text":"{payload}"}}"#);
    for _ in 0..20 {
        let large = append_payload(&stream(), &payload);
        store.append(large).await.unwrap();
    }
    let pages = pages(&store).await;
    assert_eq!(pages.iter().sum::<usize>(), 20);
    assert!(pages.iter().all(|events| *events <= 9), "{pages:?}");
}
