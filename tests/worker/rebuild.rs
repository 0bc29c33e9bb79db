//! R4: a rebuild is made beside the rows that are read, survives kills, and takes their place at once.

use std::{collections::HashMap, time::Duration};

use intent_runtime::prelude::*;
use intent_tests::postgres::TempDatabase;
use tokio::task::JoinSet;

use super::{bank::child, domain::*, fixture::on_every_store};

/// The model with another rule, and the same version.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(
    table = "balance",
    created_by(Opened),
    events(Paid, Named, Moved => ()),
    removed_by(Closed)
)]
struct Doubled {
    #[key]
    account: Id<Account>,
    #[index]
    #[on(Opened = |e| e.branch.clone())]
    branch: String,
    #[on(Paid += |e| 2 * e.amount)]
    cents: i64,
    #[on(Paid += 1)]
    payments: i64,
    #[on(Named = |e| Some(e.name.clone()))]
    name: Option<String>,
    #[on(Paid => |all, e| all.push(e.amount))]
    all: Json<Vec<i64>>,
    #[on(Paid = |e| Some(e.occurred_at()))]
    last: Option<Timestamp>,
}

fn doubled() -> Domain {
    Domain::of::<Account>().read_model::<Doubled>()
}

#[tokio::test]
async fn a_rebuild_applies_changed_rules_to_all_events() {
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        pay(&app, id, 5).await;
        app.settled(LONG).await.unwrap();
        workers.stop(LONG).await.unwrap();

        let next = App::on(&app, doubled()).await.unwrap();
        assert_eq!(next.rebuild::<Doubled>().await.unwrap(), 2);
        let row = async || next.read::<Doubled>().get(id).await.unwrap().unwrap().cents;
        assert_eq!(row().await, 5, "the earlier rows are read until it is done");
        let workers = next.start().await.unwrap();
        pay(&next, id, 1).await;
        next.settled(LONG).await.unwrap();
        assert_eq!(row().await, 12);

        // While the workers run, and twice: only the last one counts.
        assert_eq!(next.rebuild::<Doubled>().await.unwrap(), 3);
        assert_eq!(next.rebuild::<Doubled>().await.unwrap(), 4);
        pay(&next, id, 1).await;
        next.settled(LONG).await.unwrap();
        assert_eq!(row().await, 14);
        let names: Vec<_> = workers.status().map(|(name, _)| name.to_string()).collect();
        let newest = "balance, version 1, build 4".to_owned();
        assert!(names.contains(&newest), "{names:?}");
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

/// Rebuilds under writers, and kills the process that does it five times on the way.
async fn killed(url: &str) {
    let app = App::connect(url, domain()).await.unwrap();
    let mut accounts = Vec::new();
    for _ in 0..16 {
        accounts.push(opened(&app, "north").await);
    }
    for turn in 0..40 {
        for id in &accounts {
            pay(&app, *id, turn).await;
        }
    }
    let mut process = tokio::task::block_in_place(|| child(["workers", url]));
    app.settled(LONG).await.unwrap();
    let read = async || {
        let rows = app.read::<Balance>().query("", ()).await.unwrap();
        let rows = rows.into_iter().map(|row| {
            assert_eq!(row.all.iter().sum::<i64>(), row.cents);
            (row.account, (row.cents, row.payments))
        });
        rows.collect::<HashMap<_, _>>()
    };

    let mut writing = JoinSet::new();
    for id in accounts.clone() {
        let app = app.clone();
        writing.spawn(async move {
            for turn in 0..60 {
                pay(&app, id, turn).await;
            }
        });
    }
    // Once each that some more events were written, however fast that is.
    let mut log = app
        .subscribe(LogFilter::all())
        .after(app.cursor_at(Timestamp::now()).await.unwrap());
    app.rebuild::<Balance>().await.unwrap();
    for kill in 1..=5 {
        for _ in 0..kill * 20 {
            log.next().await.unwrap();
        }
        process.kill().unwrap();
        process.wait().unwrap();
        assert_eq!(
            read().await.len(),
            accounts.len(),
            "rows are read all the while"
        );
        app.rebuild::<Balance>().await.unwrap();
        process = tokio::task::block_in_place(|| child(["workers", url]));
    }
    writing.join_all().await;
    app.settled(LONG).await.unwrap();
    let sum = |turns: i64| turns * (turns - 1) / 2;
    let each = (sum(40) + sum(60), 100);
    let wanted = accounts
        .iter()
        .map(|id| (*id, each))
        .collect::<HashMap<_, _>>();
    assert_eq!(read().await, wanted);
    process.kill().unwrap();
    process.wait().unwrap();
    app.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_on_sqlite_survives_kills() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.db");
    killed(&format!("sqlite:{}", file.display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_on_postgres_survives_kills() {
    killed(&TempDatabase::new().await.url()).await;
}

/// On Postgres, who reads the rows in a long transaction holds up the new ones, and nobody else.
#[tokio::test]
async fn a_publish_gives_way_to_readers() {
    let database = TempDatabase::new().await;
    let app = App::connect(&database.url(), domain()).await.unwrap();
    let workers = app.start().await.unwrap();
    let id = opened(&app, "north").await;
    pay(&app, id, 5).await;
    app.settled(LONG).await.unwrap();

    let mut reader = database.connect().await.unwrap();
    let read = "BEGIN; SELECT * FROM intent_read.balance__1;";
    sqlx::raw_sql(read).execute(&mut reader).await.unwrap();
    app.rebuild::<Balance>().await.unwrap();
    let end = pay(&app, id, 1).await;
    app.wait_for::<Balance>(&end, LONG).await.unwrap();
    let unsettled = app.settled(Duration::from_secs(1)).await;
    assert!(
        matches!(unsettled, Err(WaitError::Building { .. })),
        "{unsettled:?}"
    );
    let row = app.read::<Balance>().get(id).await.unwrap().unwrap();
    assert_eq!(row.cents, 6);
    sqlx::raw_sql("COMMIT").execute(&mut reader).await.unwrap();
    app.settled(LONG).await.unwrap();
    let row = app.read::<Balance>().get(id).await.unwrap().unwrap();
    assert_eq!(row.cents, 6);
    workers.stop(LONG).await.unwrap();
}
