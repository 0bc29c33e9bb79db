//! What holds up readers of the log can be asked for.

use std::{ops::ControlFlow, sync::Arc};

use intent_runtime::{
    Cursor, LogFilter, PgStore, Subscription, TenantId, Timestamp,
    store::{Log, LogSelection, LogWriter, NextPage, ReadLog, Streams},
};
use sqlx::Executor;
use tokio::time::timeout;

use super::{roles::Roles, waiting::SOON};
use crate::store::appending::{append, stream};

#[tokio::test]
async fn who_holds_up_readers_is_named() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let before = Timestamp::now();
    let mut transaction = store.pool().begin().await.unwrap();
    let process: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    let early = append(&stream(), 1);
    store.append_in(&mut transaction, early).await.unwrap();
    let wait = "SELECT 'what is waited for'";
    transaction.execute(wait).await.unwrap();
    store.append(append(&stream(), 1)).await.unwrap();
    assert_eq!(ahead(&store).await, (0, NextPage::HeldUp));

    let writer = only_writer(&store).await;
    assert_eq!(writer.process, Some(process));
    assert!(writer.since.unwrap() >= before, "{writer:?}");
    assert_eq!(writer.state.as_deref(), Some("idle in transaction"));
    assert_eq!(writer.query.as_deref(), Some(wait));

    // A role that may not see what another one does still sees its process.
    let reader = roles.open(&roles.reader).await.unwrap();
    let writer = only_writer(&reader).await;
    assert_eq!(writer.process, Some(process));
    assert_eq!((writer.since, writer.state), (None, None));

    // A prepared transaction has no process, and holds readers up all the same.
    let name = roles.database().name();
    let prepare = format!("PREPARE TRANSACTION '{name}'");
    transaction
        .execute(sqlx::AssertSqlSafe(prepare))
        .await
        .unwrap();
    drop(transaction);
    let writer = only_writer(&store).await;
    assert_eq!((writer.process, writer.since), (None, None));
    assert_eq!(ahead(&store).await, (0, NextPage::HeldUp));

    roles.run(&format!("COMMIT PREPARED '{name}'")).await;
    assert!(store.log_health().await.unwrap().writers.is_empty());
    let mut log = Subscription::new(Arc::new(store), Some(TenantId::DEFAULT), LogFilter::all());
    for position in [1, 2] {
        let event = timeout(SOON, log.next()).await.unwrap().unwrap();
        assert_eq!(event.position.get(), position);
    }
}

/// How many events can be read, and what is behind them.
async fn ahead(store: &PgStore) -> (usize, NextPage) {
    let mut events = 0;
    let mut sink = |_| {
        events += 1;
        ControlFlow::Continue(())
    };
    let filter = LogSelection::all();
    let read = ReadLog::new(Cursor::START, Some(TenantId::DEFAULT), &filter, 10);
    let page = store.read_log(read, &mut sink).await.unwrap();
    (events, page.next)
}

async fn only_writer(store: &PgStore) -> LogWriter {
    let mut writers = store.log_health().await.unwrap().writers;
    assert_eq!(writers.len(), 1, "{writers:?}");
    writers.remove(0)
}
