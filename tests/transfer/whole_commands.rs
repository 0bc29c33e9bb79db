//! An export has each command as a whole, wherever the events of the command are.

use std::{
    fmt,
    pin::{Pin, pin},
    time::Duration,
};

use intent_runtime::{
    CommandId, MemoryStore, Metadata, PgStore, TenantId,
    store::{Append, EncodedMetadata, Expect, Log, NewEvent, Streams},
    transfer::{Export, Import},
};
use intent_tests::postgres::TempDatabase;
use serde_json::value::RawValue;
use sqlx::{Executor, PgTransaction};
use tokio::time::timeout;

use super::fixture::{append, every_store, stream};

/// How long is waited for what would otherwise hang.
const SOON: Duration = Duration::from_secs(20);

/// A command whose two events have more than two pages of others' between them, as while its large first event is written.
fn slow() -> Append {
    let command_id = CommandId::new();
    let mut metadata = Metadata::new();
    metadata.command_id = Some(command_id);
    let event = || {
        NewEvent::new(
            "Noted",
            1,
            RawValue::from_string("\"slow\"".into()).unwrap(),
        )
    };
    Append::new(
        stream(TenantId::DEFAULT, "Account", "slow"),
        Expect::NoStream,
        command_id,
        vec![event(), event()],
        EncodedMetadata::new(metadata).unwrap(),
    )
}

/// Stores an event of a command, which draws its position now.
async fn insert(transaction: &mut PgTransaction<'_>, command: &Append, version: i64) {
    let index = usize::try_from(version - 1).unwrap();
    let (id, event) = command.identified().nth(index).unwrap();
    let insert = sqlx::query(
        "INSERT INTO intent.events (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at, \
         aggregate_type, event_type, payload, metadata) \
         VALUES ($1, $2, $3, $4, 1, now(), now(), $5, $6, $7::json, $8::json)",
    );
    let insert = insert
        .bind(command.stream.tenant_id.as_uuid())
        .bind(command.stream.aggregate_id.as_uuid())
        .bind(id.as_uuid())
        .bind(version)
        .bind(&*command.stream.aggregate_type)
        .bind(&*event.event_type)
        .bind(event.payload.get())
        .bind(command.metadata.json());
    transaction.execute(insert).await.unwrap();
}

/// Lets an export go on for a while, which must wait for what is under way.
async fn assert_waits<T: fmt::Debug>(
    store: &PgStore,
    mut export: Pin<&mut impl Future<Output = T>>,
) {
    for _ in 0..50 {
        tokio::select! {
            biased;
            ended = &mut export => panic!("it must wait, not end with {ended:?}"),
            health = store.log_health() => {
                let health = health.unwrap();
                assert!(health.settled.is_some_and(|settled| settled < health.end), "{health:?}");
            }
        }
    }
}

/// It was under way when the export began, and ended far behind the end of the log at that time.
#[tokio::test]
async fn a_command_that_was_under_way_is_exported_whole() {
    let database = TempDatabase::new().await;
    let store = PgStore::connect(&database.url()).await.unwrap();
    let others = stream(TenantId::DEFAULT, "Account", "others");
    let command = slow();
    let mut transaction = store.pool().begin().await.unwrap();
    insert(&mut transaction, &command, 1).await;
    append(&store, &others, &["1"; 1_500]).await;

    let mut file = Vec::new();
    {
        let export = Export::new(&store);
        let mut export = pin!(export.write(&mut file));
        assert_waits(&store, export.as_mut()).await;
        append(&store, &others, &["1"; 1_500]).await;
        insert(&mut transaction, &command, 2).await;
        transaction.commit().await.unwrap();
        export.await.unwrap();
    }
    let copy = MemoryStore::new();
    Import::new(&copy).read(&mut &file[..]).await.unwrap();
    let exported = copy.events_of_command(TenantId::DEFAULT, command.command_id);
    assert_eq!(exported.await.unwrap().len(), 2);
}

/// What a crash does to the log: it ends every process of the server and takes back positions that no stored event has.
#[tokio::test]
async fn an_export_ends_although_a_crash_takes_back_what_it_waits_for() {
    const CRASH: &str = "SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid(); \
        SELECT setval('intent.events_position_seq', 3); CHECKPOINT";
    let database = TempDatabase::new().await;
    let store = PgStore::connect(&database.url()).await.unwrap();
    let others = stream(TenantId::DEFAULT, "Account", "others");
    append(&store, &others, &["1"; 3]).await;
    let mut transaction = store.pool().begin().await.unwrap();
    insert(&mut transaction, &slow(), 1).await;

    let mut file = Vec::new();
    let export = Export::new(&store);
    let mut export = pin!(export.write(&mut file));
    assert_waits(&store, export.as_mut()).await;
    let mut server = database.connect().await.unwrap();
    sqlx::raw_sql(CRASH).execute(&mut server).await.unwrap();
    let exported = timeout(SOON, export).await.expect("it waits for ever");
    assert_eq!(exported.unwrap().events, 3);
}

#[tokio::test]
async fn a_log_is_settled_up_to_its_end_while_nothing_is_under_way() {
    for source in every_store().await {
        let store = source.store();
        append(
            store,
            &stream(TenantId::DEFAULT, "Account", "one"),
            &["1"; 3],
        )
        .await;
        let health = store.log_health().await.unwrap();
        assert_eq!(health.settled, Some(health.end), "{store:?}");
    }
}
