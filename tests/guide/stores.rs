//! The chapters "Stores", "Transactions" and "Postgres".

// ANCHOR: uses
use intent_runtime::{PgStore, SqliteStore, prelude::*};
use sqlx::PgPool;
// ANCHOR_END: uses

use std::error::Error;

use intent_tests::postgres::TempDatabase;

use super::commands::{Account, Deposit, Open};
use crate::store::postgres::roles::Roles;

#[tokio::test]
async fn on_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("bank.db").display());
    let id = Id::<Account>::new();

    // ANCHOR: connect
    let app = App::connect(&url, Domain::of::<Account>()).await.unwrap();
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
    let then = AsOf::Recorded(history[1].recorded_at());
    assert_eq!(app.load_as_of(id, then).await.unwrap(), now);
    // ANCHOR_END: temporal
    assert_eq!(first.version(), Version::FIRST);

    // ANCHOR: tenant
    let branch = app.tenant(TenantId::from_name("eindhoven"));
    branch
        .send(Open {
            id,
            owner: "Bo".into(),
        })
        .await
        .unwrap();
    assert_eq!(branch.load(id).await.unwrap().version(), Version::FIRST);
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

    let app = App::on(store, Domain::of::<Account>()).await.unwrap();
    assert_eq!(app.load(id).await.unwrap(), now);
}

#[tokio::test]
async fn in_one_transaction() {
    let app = App::connect("memory:", Domain::of::<Account>()).await;
    let app = app.unwrap();
    let (ada, bo) = (Id::<Account>::new(), Id::<Account>::new());
    for (id, owner) in [(ada, "Ada"), (bo, "Bo")] {
        let owner = owner.into();
        app.send(Open { id, owner }).await.unwrap();
    }

    // ANCHOR: transaction
    let mut transaction = app.transaction().await.unwrap();
    transaction
        .send(Deposit { id: ada, amount: 5 })
        .await
        .unwrap();
    transaction
        .send(Deposit { id: bo, amount: 3 })
        .await
        .unwrap();
    assert_eq!(transaction.load(bo).await.unwrap().balance, 3);
    assert_eq!(app.load(bo).await.unwrap().balance, 0);
    transaction.commit().await.unwrap();
    assert_eq!(app.load(bo).await.unwrap().balance, 3);
    // ANCHOR_END: transaction
    assert_eq!(app.load(ada).await.unwrap().balance, 5);
}

#[tokio::test]
async fn on_postgres() {
    let database = TempDatabase::new().await;
    let url = database.url();

    // ANCHOR: connect_postgres
    let store = PgStore::connect(&url).await.unwrap();
    let app = App::on(store, Domain::of::<Account>()).await.unwrap();
    // ANCHOR_END: connect_postgres
    app.close().await.unwrap();

    // ANCHOR: postgres
    let pool = PgPool::connect(&url).await.unwrap();
    let store = PgStore::new(pool.clone()).await.unwrap();
    let app = App::on(store.clone(), Domain::of::<Account>())
        .await
        .unwrap();
    // ANCHOR_END: postgres
    let id = Id::<Account>::new();
    let owner = String::from("Ada");
    app.send(Open { id, owner }).await.unwrap();
    let mut transaction = store.pool().begin().await.unwrap();
    let deposit = Deposit { id, amount: 5 };
    app.send_in(&mut transaction, deposit, SendOptions::new())
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(app.load(id).await.unwrap().balance, 5);
}

/// Stores a deposit together with a row of its own.
async fn deposit_with_a_receipt(url: &str, id: Id<Account>) -> Result<(), Box<dyn Error>> {
    // ANCHOR: send_in
    // The `url` is, for example, "sqlite:bank.db".
    let store = SqliteStore::connect(url).await?;
    let app = App::on(store.clone(), Domain::of::<Account>()).await?;

    let mut transaction = store.pool().begin_with("BEGIN IMMEDIATE").await?;
    let deposit = Deposit { id, amount: 5 };
    let options = SendOptions::new().metadata(Metadata::new().actor("ada"));
    let receipt = app.send_in(&mut transaction, deposit, options).await?;
    sqlx::query("INSERT INTO receipts VALUES ($1, $2)")
        .bind(id.as_uuid())
        .bind(receipt.command_id.as_uuid())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    // Otherwise readers find it by themselves, within a quarter of a second, or on Postgres within two seconds.
    store.wake_readers();
    // ANCHOR_END: send_in
    app.close().await?;
    Ok(())
}

#[tokio::test]
async fn beside_rows_of_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("bank.db").display());
    let store = SqliteStore::connect(&url).await.unwrap();
    let app = App::on(store.clone(), Domain::of::<Account>())
        .await
        .unwrap();
    let id = Id::<Account>::new();
    let owner = String::from("Ada");
    app.send(Open { id, owner }).await.unwrap();
    let table = sqlx::query("CREATE TABLE receipts (account BLOB NOT NULL, command BLOB NOT NULL)");
    table.execute(store.pool()).await.unwrap();

    deposit_with_a_receipt(&url, id).await.unwrap();
    assert_eq!(app.load(id).await.unwrap().balance, 5);
    let receipts = sqlx::query_scalar("SELECT count(*) FROM receipts");
    let receipts: i64 = receipts.fetch_one(store.pool()).await.unwrap();
    assert_eq!(receipts, 1);
}

#[tokio::test]
async fn sql_of_a_role_that_may_do_little_names_its_tenant() {
    let roles = Roles::new().await;
    let pool = roles.pool(&roles.app).await;
    // ANCHOR: strict
    let store = PgStore::strict(pool.clone()).await.unwrap();
    let app = App::on(store, Domain::of::<Account>()).await.unwrap();
    // ANCHOR_END: strict
    let branch = app.tenant(TenantId::from_name("eindhoven"));
    let owner = || String::from("Ada");
    for _ in 0..3 {
        let id = Id::<Account>::new();
        app.send(Open { id, owner: owner() }).await.unwrap();
    }
    let id = Id::<Account>::new();
    app.send(Open { id, owner: owner() }).await.unwrap();
    app.send(Deposit { id, amount: 5 }).await.unwrap();
    branch.send(Open { id, owner: owner() }).await.unwrap();

    let tenant = TenantId::DEFAULT;
    // ANCHOR: sql_postgres
    let mut transaction = pool.begin().await.unwrap();
    sqlx::query("SELECT set_config('intent.tenant', $1, true)")
        .bind(tenant.to_string())
        .execute(&mut *transaction)
        .await
        .unwrap();
    let counts: Vec<(String, i64)> = sqlx::query_as(
        "SELECT event_type, count(*) FROM intent.events
         WHERE tenant_id = $1 AND aggregate_type = 'Account' GROUP BY event_type ORDER BY event_type",
    )
    .bind(tenant.as_uuid())
    .fetch_all(&mut *transaction)
    .await
    .unwrap();
    transaction.commit().await.unwrap();
    // ANCHOR_END: sql_postgres
    assert_eq!(counts, [("Deposited".into(), 1), ("Opened".into(), 4)]);
    // If no tenant is named, the role sees nothing.
    let found: i64 = sqlx::query_scalar("SELECT count(*) FROM intent.events")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(found, 0);
}
