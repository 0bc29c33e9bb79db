//! A database that was looked over while it had next to nothing in it grows without being read from end to end.

use futures_util::future::try_join_all;
use intent_runtime::{AggregateId, Expect, Store, StreamId, Version, store::Append};
use sqlx::Connection;
use uuid::Uuid;

use super::roles::Roles;
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
        let next = Append {
            expect: Expect::Version(Version::new(behind)),
            ..append(&stream, 1)
        };
        store.append(next).await.unwrap();
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
    loop {
        let (scans, counted): (i64, i64) = sqlx::query_as(
            "SELECT seq_scan, n_tup_ins FROM pg_stat_user_tables WHERE relid = 'intent.events'::regclass",
        )
        .fetch_one(&mut connection)
        .await
        .unwrap();
        if counted >= events.cast_signed() {
            connection.close().await.unwrap();
            return scans;
        }
    }
}
