//! What appends cost: one statement, and no look at what they have nothing to do with.

use std::sync::mpsc;

use futures_util::future::try_join_all;
use intent_runtime::{AggregateId, Expect, Store, StreamId, Version, store::Append};
use intent_tests::postgres::Proxy;
use tokio::time::timeout;
use uuid::Uuid;

use super::{roles::Roles, waiting::SOON};
use crate::store::appending::{append, stream};

/// How many appends follow, alone and together.
const APPENDS: u64 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn appends_to_a_young_database_look_up_what_they_need() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let stream = stream();
    store.append(append(&stream, 1)).await.unwrap();
    store.close().await.unwrap();
    roles.run("VACUUM ANALYZE intent.events").await;
    let before = scans(&roles, 1).await;

    let store = roles.open(&roles.app).await.unwrap();
    for behind in 1..=APPENDS {
        store.append(behind_version(&stream, behind)).await.unwrap();
    }
    let together = (0..APPENDS).map(|_| {
        let other = StreamId {
            aggregate_id: AggregateId::from_uuid(Uuid::now_v7()),
            ..stream.clone()
        };
        store.append(append(&other, 2))
    });
    try_join_all(together).await.unwrap();
    store.close().await.unwrap();

    assert_eq!(scans(&roles, 1 + 3 * APPENDS).await, before);
}

/// How often the server had read the table of events from end to end when it had counted so many events. It counts when
/// connections end.
async fn scans(roles: &Roles, events: u64) -> i64 {
    let mut connection = roles.database().connect().await.unwrap();
    let counting = async {
        loop {
            let (scans, counted): (i64, i64) = sqlx::query_as(
                "SELECT seq_scan, n_tup_ins FROM pg_stat_user_tables WHERE relid = 'intent.events'::regclass",
            )
            .fetch_one(&mut connection)
            .await
            .unwrap();
            if counted >= events.cast_signed() {
                return scans;
            }
        }
    };
    timeout(SOON, counting).await.expect("all are counted")
}

#[tokio::test]
async fn an_event_behind_another_takes_one_statement() {
    let roles = Roles::new().await;
    let stream = stream();
    let store = roles.open(&roles.app).await.unwrap();
    store.append(append(&stream, 1)).await.unwrap();
    let (statements, seen) = mpsc::channel();
    let see = move |text: &str| {
        if text.contains("intent.events") {
            statements.send(text.to_owned()).unwrap();
        }
        text.to_owned()
    };
    let proxy = Proxy::rewriting(roles.server(), see).await;
    let store = roles
        .open_through(proxy.server(), &roles.app)
        .await
        .unwrap();
    // What opening it looked at.
    seen.try_iter().for_each(drop);
    for behind in 1..=3 {
        store.append(behind_version(&stream, behind)).await.unwrap();
    }
    let prepared: Vec<String> = seen.try_iter().collect();
    assert_eq!(prepared.len(), 1, "{prepared:#?}");
}

/// An append of an event behind the one of this version.
fn behind_version(stream: &StreamId, version: u64) -> Append {
    Append {
        expect: Expect::Version(Version::new(version)),
        ..append(stream, 1)
    }
}
