//! Read models: how fast they catch up, how far they are behind under load, and what they cost when nothing happens.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use intent_runtime::prelude::*;
use sqlx::PgConnection;
use tokio::{task::JoinSet, time::sleep};

use super::{
    in_turn, line, median,
    place::{Database, Place},
};

const EVENTS: u64 = 100_000;
const ROUNDS: usize = 5;
const WITHIN: Duration = Duration::from_secs(120);

#[derive(Aggregate, Debug, Clone)]
#[aggregate(created_by(Opened), events(Deposited => ()))]
struct Account {
    #[id]
    id: Id<Account>,
}

#[event]
struct Opened {
    owner: String,
}

#[event]
struct Deposited {
    amount: i64,
    note: String,
}

#[commands]
impl Account {
    #[create]
    fn open(owner: String) -> Opened {
        Opened { owner }
    }

    #[handle]
    fn deposit(&self, amount: i64, note: String) -> Deposited {
        Deposited { amount, note }
    }
}

/// A row for each account: what a screen would have.
#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "balances", created_by(Opened), events(Deposited))]
struct Balance {
    #[key]
    account: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    owner: String,
    #[index]
    #[on(Deposited += |e| e.amount)]
    cents: i64,
    #[on(Deposited += 1)]
    deposits: i64,
    #[on(Deposited = |e| Some(e.note.clone()))]
    last: Option<String>,
}

macro_rules! totals {
    ($domain:ident: $($name:ident $table:literal)*) => {
        $(
            #[derive(ReadModel, Debug, Clone)]
            #[read_model(table = $table, events(Deposited by |e| (e.amount % 100).to_string()))]
            struct $name {
                #[key]
                kind: String,
                #[on(Deposited += |e| e.amount)]
                cents: i64,
            }
        )*

        fn $domain() -> Domain {
            Domain::of::<Account>().read_model::<Balance>()$(.read_model::<$name>())*
        }
    };
}

totals!(three: One "one" Two "two");
totals!(ten: A "a" B "b" C "c" D "d" E "e" F "f" G "g" H "h" I "i");

fn one() -> Domain {
    Domain::of::<Account>().read_model::<Balance>()
}

pub async fn report(place: &Place) {
    println!(
        "\n{:<48}{:>14}{:>14}{:>8}",
        "catching up, events/s", "into rows", "folded only", "ratio"
    );
    for keys in [10_000, 1_000] {
        let database = with_workers(place).await;
        let app = App::connect(&database.url(), one()).await.unwrap();
        fill(&app, keys, EVENTS).await;
        let (kept, folded) = (
            async || caught_up(&database, &app).await,
            async || folded(&app).await,
        );
        line(
            &format!("{EVENTS} events, {keys} rows"),
            in_turn(ROUNDS, kept, folded).await,
        );
    }
    lag(place).await;
    idle(place).await;
}

/// A database whose application may also keep read models.
async fn with_workers(place: &Place) -> Database {
    let database = place.database().await;
    database.may_keep_read_models().await;
    database
}

fn account(number: u64) -> Id<Account> {
    Id::from_name(&number.to_string())
}

async fn fill(app: &App, keys: u64, events: u64) {
    const TASKS: u64 = 64;
    let mut tasks = JoinSet::new();
    for part in 0..TASKS {
        let app = app.clone();
        tasks.spawn(async move {
            for turn in 0..events / keys {
                for number in (part..keys).step_by(64) {
                    let (id, amount, note) = (account(number), 1, format!("turn {turn}"));
                    let owner = "Ada".to_owned();
                    match turn {
                        0 => drop(app.send(Open { id, owner }).await.unwrap()),
                        _ => drop(app.send(Deposit { id, amount, note }).await.unwrap()),
                    }
                }
            }
        });
    }
    tasks.join_all().await;
}

/// How many events a second go into rows, from the start of the log.
async fn caught_up(database: &Database, app: &App) -> f64 {
    database.forget_read_models().await;
    let begun = Instant::now();
    let workers = app.start().await.unwrap();
    app.settled(WITHIN).await.unwrap();
    let rate = EVENTS as f64 / begun.elapsed().as_secs_f64();
    workers.stop(WITHIN).await.unwrap();
    rate
}

/// How many events a second are read, decoded and summed up.
async fn folded(app: &App) -> f64 {
    let begun = Instant::now();
    let mut log = app.follow::<Account>();
    let mut sums: HashMap<AggregateId, i64> = HashMap::new();
    loop {
        let page = log.next_page().await.unwrap();
        for event in page.events {
            if let AccountEvent::Deposited(deposited) = &event.event {
                *sums.entry(event.aggregate_id()).or_default() += deposited.amount;
            }
        }
        if page.end {
            break;
        }
    }
    std::hint::black_box(sums);
    EVENTS as f64 / begun.elapsed().as_secs_f64()
}

/// How long after a command was answered its row is there, while 5,000 events come in each second and three models are kept.
async fn lag(place: &Place) {
    const KEYS: u64 = 1_000;
    const WRITERS: u64 = 32;
    const RATE: u64 = 5_000;
    const LASTS: Duration = Duration::from_secs(10);

    let database = with_workers(place).await;
    let app = App::connect(&database.url(), three()).await.unwrap();
    let workers = app.start().await.unwrap();
    fill(&app, KEYS, KEYS).await;
    app.settled(WITHIN).await.unwrap();
    let begun = Instant::now();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let app = app.clone();
        writers.spawn(async move {
            let (mut sent, note) = (0, "load".to_owned());
            while begun.elapsed() < LASTS {
                let due = Duration::from_micros(sent * WRITERS * 1_000_000 / RATE);
                sleep(due.saturating_sub(begun.elapsed())).await;
                let (id, note) = (account(writer + WRITERS * (sent % 30)), note.clone());
                app.send(Deposit {
                    id,
                    amount: 1,
                    note,
                })
                .await
                .unwrap();
                sent += 1;
            }
            sent
        });
    }
    let mut lags = Vec::new();
    while begun.elapsed() < LASTS {
        let (id, note) = (account(KEYS - 1), "sample".to_owned());
        let sent = app
            .send(Deposit {
                id,
                amount: 1,
                note,
            })
            .await
            .unwrap();
        let answered = Instant::now();
        app.wait_for::<Balance>(&sent, WITHIN).await.unwrap();
        lags.push(answered.elapsed().as_secs_f64() * 1e3);
        sleep(Duration::from_millis(10)).await;
    }
    let sent: u64 = writers.join_all().await.into_iter().sum();
    workers.stop(WITHIN).await.unwrap();
    lags.sort_by(f64::total_cmp);
    println!(
        "\n{:<48}{:>14}{:>14}{:>14}",
        "three models, lag under load", "events/s", "median, ms", "p99, ms"
    );
    println!(
        "{:<48}{:>14.0}{:>14.1}{:>14.1}",
        format!("{} samples", lags.len()),
        sent as f64 / LASTS.as_secs_f64(),
        median(lags.clone()),
        lags[lags.len() * 99 / 100],
    );
}

/// What ten models of 2,000 tenants cost when nothing happens.
async fn idle(place: &Place) {
    const LASTS: Duration = Duration::from_secs(30);

    let database = with_workers(place).await;
    let app = App::connect(&database.url(), ten()).await.unwrap();
    let mut opening = JoinSet::new();
    for _ in 0..2_000 {
        let tenant = app.tenant(TenantId::new());
        let (id, owner) = (Id::new(), "Ada".to_owned());
        opening.spawn(async move { tenant.send(Open { id, owner }).await.unwrap() });
    }
    opening.join_all().await;
    let workers = app.start().await.unwrap();
    app.settled(WITHIN).await.unwrap();
    let mut connection = database.connection().await;
    let (before, counted) = (transactions(&mut connection).await, Instant::now());
    let (busy, begun) = (cpu(), Instant::now());
    sleep(LASTS).await;
    let busy = (cpu() - busy) / begun.elapsed().as_secs_f64();
    let statements = transactions(&mut connection).await - before;
    let statements = statements as f64 / counted.elapsed().as_secs_f64();
    workers.stop(WITHIN).await.unwrap();
    println!(
        "\n{:<48}{:>14}{:>14}",
        "ten models, 2,000 tenants, nothing to do", "statements/s", "% of a core"
    );
    println!(
        "{:<48}{:>14.2}{:>14.2}",
        "this process",
        statements,
        100.0 * busy,
    );
}

/// How many transactions have ended in the database. A statement of the workers is one.
async fn transactions(connection: &mut PgConnection) -> i64 {
    // A session that is idle tells what it did after ten seconds.
    sleep(Duration::from_secs(12)).await;
    let count = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()";
    sqlx::query_scalar(count)
        .fetch_one(connection)
        .await
        .unwrap()
}

/// The seconds of CPU that this process has used.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let behind_name = stat.rsplit_once(')').unwrap().1;
    let ticks = behind_name.split_whitespace().skip(11).take(2);
    ticks.map(|it| it.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}
