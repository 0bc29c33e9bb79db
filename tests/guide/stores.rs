//! Chapter "Stores".

use intent_runtime::{
    App, CommandId, Cursor, EncodedMetadata, Expect, LogFilter, Metadata, NewEvent, PgStore,
    SqliteStore, StreamId, prelude::*, store::Append,
};
use intent_tests::postgres::TempDatabase;
use sqlx::PgPool;

use super::commands::{Account, AccountEvent, Deposit, Deposited, Open};

#[tokio::test]
async fn on_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("bank.db").display());
    let id = Id::<Account>::new();

    // ANCHOR: connect
    let app = App::connect(&url)
        .await
        .unwrap()
        .register::<Account>()
        .unwrap();
    // ANCHOR_END: connect
    app.send(Open {
        id,
        owner: "Ada".into(),
    })
    .await
    .unwrap();
    app.send(Deposit { id, amount: 5 }).await.unwrap();

    // ANCHOR: temporal
    let now = app.load(id).await.unwrap();
    let first = app.load_at(id, Version::FIRST).await.unwrap();
    let history = app.history(id).await.unwrap();
    let then = AsOf::Recorded(history[1].recorded_at);
    assert_eq!(app.load_as_of(id, then).await.unwrap(), now);
    // ANCHOR_END: temporal
    assert_eq!(first.version, Version::FIRST);

    // ANCHOR: tenant
    let branch = app.tenant(TenantId::from_name("eindhoven"));
    branch
        .send(Open {
            id,
            owner: "Bo".into(),
        })
        .await
        .unwrap();
    assert_eq!(branch.load(id).await.unwrap().version, Version::FIRST);
    assert_eq!(app.load(id).await.unwrap(), now);
    // ANCHOR_END: tenant
    app.close().await.unwrap();

    // ANCHOR: pool
    let store = SqliteStore::connect(&url).await.unwrap();
    let events: i64 = sqlx::query_scalar("select count(*) from intent_events")
        .fetch_one(store.pool())
        .await
        .unwrap();
    assert_eq!(events, 3);
    // ANCHOR_END: pool

    // ANCHOR: list
    let accounts: Vec<String> = sqlx::query_scalar(
        "select hex(aggregate_id) from intent_events
         where tenant_id = ? and aggregate_type = 'Account' and version = 1",
    )
    .bind(TenantId::DEFAULT.as_uuid().as_bytes().as_slice())
    .fetch_all(store.pool())
    .await
    .unwrap();
    let account: Id<Account> = accounts[0].parse().unwrap();
    // ANCHOR_END: list
    assert_eq!((accounts.len(), account), (1, id));

    let app = App::new(store).register::<Account>().unwrap();
    assert_eq!(app.load(id).await.unwrap(), now);
}

#[tokio::test]
async fn following_the_log() {
    let app = App::connect("memory:").await.unwrap();
    let app = app.register::<Account>().unwrap();
    let id = Id::<Account>::new();
    let owner = String::from("Ada");
    app.send(Open { id, owner }).await.unwrap();
    app.send(Deposit { id, amount: 5 }).await.unwrap();

    // ANCHOR: log
    let mut log = app.subscribe(LogFilter::all().aggregate::<Account>());
    let opened = log.next().await.unwrap();
    let kept = log.cursor().to_string();

    let kept: Cursor = kept.parse().unwrap();
    let mut later = app.subscribe(LogFilter::all()).after(kept);
    let mut deposited = 0;
    for event in later.next().await.unwrap().decode::<Account>().unwrap() {
        if let AccountEvent::Deposited(Deposited { amount }) = event.event {
            deposited += amount;
        }
    }
    // ANCHOR_END: log
    assert_eq!(opened.version, Version::FIRST);
    assert_eq!(deposited, 5);
}

#[tokio::test]
async fn on_postgres() {
    let database = TempDatabase::new().await;
    let url = database.url();

    // ANCHOR: postgres
    let pool = PgPool::connect(&url).await.unwrap();
    let store = PgStore::new(pool.clone()).await.unwrap();
    let app = App::new(store.clone()).register::<Account>().unwrap();
    // ANCHOR_END: postgres
    let id = Id::<Account>::new();
    let owner = String::from("Ada");
    app.send(Open { id, owner }).await.unwrap();
    let table = sqlx::query("CREATE TABLE receipts (account uuid NOT NULL)");
    table.execute(&pool).await.unwrap();
    let append = Append {
        stream: StreamId::of(TenantId::DEFAULT, id),
        expect: Expect::Version(Version::FIRST),
        command_id: CommandId::new(),
        events: vec![NewEvent {
            event_type: "Deposited".into(),
            schema_version: 1,
            payload: serde_json::value::RawValue::from_string(r#"{"amount":5}"#.into()).unwrap(),
        }],
        metadata: EncodedMetadata::new(Metadata::new()).unwrap(),
        snapshot: None,
    };

    // ANCHOR: append_in
    let mut transaction = pool.begin().await.unwrap();
    sqlx::query("INSERT INTO receipts VALUES ($1)")
        .bind(id.as_uuid())
        .execute(&mut *transaction)
        .await
        .unwrap();
    store.append_in(&mut transaction, append).await.unwrap();
    transaction.commit().await.unwrap();
    store.wake_readers();
    // ANCHOR_END: append_in
    assert_eq!(app.load(id).await.unwrap().version, Version::new(2));
}
