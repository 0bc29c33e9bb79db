//! Chapter "Stores".

use std::{collections::BTreeMap, convert::Infallible, error::Error};

// ANCHOR: uses
use intent_runtime::{PgStore, SqliteStore, prelude::*};
use sqlx::{PgPool, SqlitePool};
use uuid::Uuid;
// ANCHOR_END: uses

use intent_tests::postgres::TempDatabase;

use super::commands::{Account, AccountEvent, Deposit, Deposited, Open};
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

// ANCHOR: list
/// Up to a hundred accounts of a tenant, those whose ids follow `last`.
async fn accounts(
    pool: &SqlitePool,
    tenant: TenantId,
    last: Uuid,
) -> Result<Vec<Id<Account>>, sqlx::Error> {
    let page: Vec<Uuid> = sqlx::query_scalar(
        "select aggregate_id from intent_events
         where tenant_id = ? and aggregate_type = 'Account' and version = 1 and aggregate_id > ?
         order by aggregate_id limit 100",
    )
    .bind(tenant.as_uuid())
    .bind(last)
    .fetch_all(pool)
    .await?;
    Ok(page.into_iter().map(Id::from_uuid).collect())
}
// ANCHOR_END: list

#[tokio::test]
async fn the_accounts_of_a_tenant_are_listed_page_by_page() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("bank.db").display());
    let store = SqliteStore::connect(&url).await.unwrap();
    let pool = store.pool().clone();
    let app = App::on(store, Domain::of::<Account>()).await.unwrap();
    let branch = app.tenant(TenantId::from_name("eindhoven"));
    let owner = || String::from("Ada");
    let id = Id::new();
    branch.send(Open { id, owner: owner() }).await.unwrap();
    branch.send(Deposit { id, amount: 1 }).await.unwrap();
    for _ in 0..101 {
        let id = Id::<Account>::new();
        app.send(Open { id, owner: owner() }).await.unwrap();
        app.send(Deposit { id, amount: 5 }).await.unwrap();
    }

    let tenant = TenantId::DEFAULT;
    // ANCHOR: list_pages
    let (mut last, mut total) = (Uuid::nil(), 0);
    loop {
        let page = accounts(&pool, tenant, last).await.unwrap();
        let Some(end) = page.last() else { break };
        last = end.as_uuid();
        for account in app.load_many(page).await {
            total += account.unwrap().balance;
        }
    }
    // ANCHOR_END: list_pages
    assert_eq!(total, 505);
}

#[tokio::test]
async fn following_the_log() {
    let app = App::connect("memory:", Domain::of::<Account>())
        .await
        .unwrap();
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

    // ANCHOR: pages
    let mut log = app.subscribe(LogFilter::all().event::<Deposited>());
    let mut deposited = 0;
    let read_to = loop {
        let page = log.next_page().await.unwrap();
        for event in page.events {
            for event in event.decode::<Account>().unwrap() {
                if let AccountEvent::Deposited(Deposited { amount }) = event.event {
                    deposited += amount;
                }
            }
        }
        if page.end {
            break page.cursor;
        }
    };
    // ANCHOR_END: pages
    assert_eq!((deposited, read_to), (5, later.cursor()));
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
    let table = sqlx::query("CREATE TABLE receipts (account uuid NOT NULL, command uuid NOT NULL)");
    table.execute(&pool).await.unwrap();

    // ANCHOR: send_in
    let mut transaction = pool.begin().await.unwrap();
    let deposit = Deposit { id, amount: 5 };
    let options = SendOptions::new().metadata(Metadata::new().actor("ada"));
    let receipt = app
        .send_in(&mut transaction, deposit, options)
        .await
        .unwrap();
    sqlx::query("INSERT INTO receipts VALUES ($1, $2)")
        .bind(id.as_uuid())
        .bind(receipt.command_id.as_uuid())
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    // Readers would find it by themselves in a quarter of a second.
    store.wake_readers();
    // ANCHOR_END: send_in
    assert_eq!(app.load(id).await.unwrap().balance, 5);
    let receipts = sqlx::query_scalar("SELECT count(*) FROM receipts");
    let receipts: i64 = receipts.fetch_one(&pool).await.unwrap();
    assert_eq!(receipts, 1);
}

#[tokio::test]
async fn the_accounts_of_a_tenant_are_listed_by_a_role_that_may_do_little() {
    let roles = Roles::new().await;
    let pool = roles.pool(&roles.app).await;
    // ANCHOR: strict
    let store = PgStore::strict(pool.clone()).await.unwrap();
    let app = App::on(store, Domain::of::<Account>()).await.unwrap();
    // ANCHOR_END: strict
    let branch = app.tenant(TenantId::from_name("eindhoven"));
    let owner = || String::from("Ada");
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = Id::<Account>::new();
        app.send(Open { id, owner: owner() }).await.unwrap();
        app.send(Deposit { id, amount: 5 }).await.unwrap();
        ids.push(id);
    }
    let id = Id::<Account>::new();
    branch.send(Open { id, owner: owner() }).await.unwrap();

    let (tenant, last) = (TenantId::DEFAULT, Id::<Account>::from_uuid(Uuid::nil()));
    // ANCHOR: list_postgres
    let mut transaction = pool.begin().await.unwrap();
    sqlx::query("SELECT set_config('intent.tenant', $1, true)")
        .bind(tenant.to_string())
        .execute(&mut *transaction)
        .await
        .unwrap();
    let page: Vec<Uuid> = sqlx::query_scalar(
        "SELECT aggregate_id FROM intent.events
         WHERE tenant_id = $1 AND aggregate_type = 'Account' AND version = 1 AND aggregate_id > $2
         ORDER BY aggregate_id LIMIT 100",
    )
    .bind(tenant.as_uuid())
    .bind(last.as_uuid())
    .fetch_all(&mut *transaction)
    .await
    .unwrap();
    transaction.commit().await.unwrap();

    let page = page.into_iter().map(Id::<Account>::from_uuid);
    let accounts = app.load_many(page).await;
    // ANCHOR_END: list_postgres
    let accounts: Vec<_> = accounts.into_iter().map(|one| one.unwrap().id()).collect();
    assert_eq!(accounts, ids);
    // Where no tenant is named, the role sees nothing.
    let found: i64 = sqlx::query_scalar("SELECT count(*) FROM intent.events")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(found, 0);
}

// ANCHOR: reader
const TABLES: &str = "
    CREATE TABLE readers (name text PRIMARY KEY, cursor text NOT NULL);
    INSERT INTO readers VALUES ('totals', 'start');
    CREATE TABLE totals (account uuid PRIMARY KEY, deposited bigint NOT NULL);
";

/// Keeps the table `totals` up to date until something fails; to be called again then.
async fn keep_totals(app: &App, pool: &PgPool) -> Result<Infallible, Box<dyn Error + Send + Sync>> {
    let mut kept: String = sqlx::query_scalar("SELECT cursor FROM readers WHERE name = 'totals'")
        .fetch_one(pool)
        .await?;
    let wanted = LogFilter::all().event::<Deposited>();
    let mut log = app.subscribe(wanted).after(kept.parse()?);
    loop {
        let page = log.next_page().await?;
        let mut deposited = BTreeMap::<Uuid, i64>::new();
        for event in page.events {
            for event in event.decode::<Account>()? {
                if let AccountEvent::Deposited(Deposited { amount }) = event.event {
                    *deposited.entry(event.aggregate_id().as_uuid()).or_default() += amount;
                }
            }
        }
        let (accounts, amounts): (Vec<Uuid>, Vec<i64>) = deposited.into_iter().unzip();
        let read_to = page.cursor.to_string();
        let mut transaction = pool.begin().await?;
        sqlx::query(
            "INSERT INTO totals AS old SELECT * FROM unnest($1, $2)
             ON CONFLICT (account) DO UPDATE SET deposited = old.deposited + excluded.deposited",
        )
        .bind(accounts)
        .bind(amounts)
        .execute(&mut *transaction)
        .await?;
        let moved =
            sqlx::query("UPDATE readers SET cursor = $1 WHERE name = 'totals' AND cursor = $2")
                .bind(&read_to)
                .bind(&kept)
                .execute(&mut *transaction)
                .await?;
        if moved.rows_affected() == 0 {
            return Err("another process keeps the totals too".into());
        }
        transaction.commit().await?;
        kept = read_to;
    }
}
// ANCHOR_END: reader

#[tokio::test]
async fn a_reader_with_tables_of_its_own_counts_each_event_once() {
    let database = TempDatabase::new().await;
    let pool = PgPool::connect(&database.url()).await.unwrap();
    let store = PgStore::new(pool.clone()).await.unwrap();
    let app = App::on(store, Domain::of::<Account>()).await.unwrap();
    sqlx::raw_sql(TABLES).execute(&pool).await.unwrap();
    let id = Id::<Account>::new();
    let owner = String::from("Ada");
    app.send(Open { id, owner }).await.unwrap();
    let total = async || {
        let total = sqlx::query_scalar("SELECT deposited FROM totals WHERE account = $1");
        let total = total.bind(id.as_uuid()).fetch_optional(&pool).await;
        total.unwrap().unwrap_or(0_i64)
    };
    let reader = || {
        let (app, pool) = (app.clone(), pool.clone());
        tokio::spawn(async move {
            loop {
                let _: Box<dyn Error + Send + Sync> = match keep_totals(&app, &pool).await {
                    Ok(never) => match never {},
                    Err(error) => error,
                };
            }
        })
    };
    // One that is cut off in the middle, then two at once.
    for readers in [1, 2] {
        let readers: Vec<_> = (0..readers).map(|_| reader()).collect();
        let before = total().await;
        for _ in 0..30 {
            app.send(Deposit { id, amount: 2 }).await.unwrap();
        }
        while total().await < before + 40 {
            tokio::task::yield_now().await;
        }
        for reader in readers {
            reader.abort();
            let _ = reader.await;
        }
    }
    let last = reader();
    let end = {
        let mut log = app.subscribe(LogFilter::all());
        for _ in 0..61 {
            log.next().await.unwrap();
        }
        log.cursor().to_string()
    };
    loop {
        let cursor = sqlx::query_scalar("SELECT cursor FROM readers");
        let cursor: String = cursor.fetch_one(&pool).await.unwrap();
        if cursor == end {
            break;
        }
        tokio::task::yield_now().await;
    }
    last.abort();
    assert_eq!(total().await, 120);
}
