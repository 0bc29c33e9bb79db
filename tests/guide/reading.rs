//! Chapter "Reading".

// ANCHOR: uses
use intent_runtime::prelude::*;
use sqlx::PgPool;
use std::{collections::BTreeMap, convert::Infallible, error::Error};
use uuid::Uuid;
// ANCHOR_END: uses

use intent_runtime::PgStore;
use intent_tests::postgres::TempDatabase;

use super::commands::{Account, AccountEvent, Deposit, Deposited, Open};

#[tokio::test]
async fn looking_things_up() {
    let app = App::connect("memory:", Domain::of::<Account>())
        .await
        .unwrap();
    let mut opened = Vec::new();
    for _ in 0..101 {
        let (id, owner) = (Id::<Account>::new(), "Ada".into());
        app.send(Open { id, owner }).await.unwrap();
        opened.push(id);
    }
    let before = app.history(opened[100]).await.unwrap()[0].recorded_at();
    for id in opened {
        let ada = Metadata::new().actor("ada").tag("for", "rent");
        let by_ada = SendOptions::new().metadata(ada);
        let deposit = Deposit { id, amount: 5 };
        app.send_with(deposit, by_ada).await.unwrap();
    }

    // ANCHOR: ids
    let (mut last, mut total) = (None, 0);
    loop {
        let page = app.ids::<Account>().after(last).await.unwrap();
        let Some(end) = page.last() else { break };
        last = Some(*end);
        for account in app.load_many(page).await {
            total += account.unwrap().balance;
        }
    }
    // ANCHOR_END: ids
    assert_eq!(total, 505);

    let newest = newest(&app, "ada", "RENT").await.unwrap();
    assert_eq!(newest.len(), 20);
    assert_eq!(newest[0].aggregate_id.as_uuid(), last.unwrap().as_uuid());

    let event_id = newest[0].id;
    // ANCHOR: event
    let found = app.event(event_id).await.unwrap();
    for event in found.unwrap().decode::<Account>().unwrap() {
        println!("{:?} at {}", event.event, event.recorded_at());
    }
    // ANCHOR_END: event

    let time = before;
    // ANCHOR: cursor_at
    let then = app.cursor_at(time).await.unwrap();
    let mut since = app.subscribe(LogFilter::all()).after(then);
    let before = app.look_back(LogFilter::all()).from(then).await.unwrap();
    // ANCHOR_END: cursor_at
    assert!(since.next().await.unwrap().recorded_at > time);
    assert!(before.events[0].recorded_at <= time);
}

// ANCHOR: look_back
/// The newest events of an actor that have a text in them, or none.
async fn newest(app: &App, actor: &str, text: &str) -> Result<Vec<RecordedEvent>, StoreError> {
    let search = || {
        app.look_back(LogFilter::all())
            .by(actor)
            .containing(text)
            .limit(20)
    };
    let mut page = search().await?;
    while let (true, Some(next)) = (page.events.is_empty(), page.next) {
        page = search().from(next).await?;
    }
    Ok(page.events)
}
// ANCHOR_END: look_back

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
    // First one reader that is cut off in the middle, then two at once.
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
