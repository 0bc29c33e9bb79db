//! Read models: how fast they catch up, how far they are behind under load, and what they cost when nothing happens.

mod idle;
mod lag;
pub mod rebuild;

use std::{
    collections::HashMap,
    ops::Range,
    time::{Duration, Instant},
};

use futures_util::TryStreamExt as _;
use intent_runtime::prelude::*;
use sqlx::Connection as _;
use tokio::task::JoinSet;

use super::{
    in_turn, line,
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
        fill(&app, 0..keys, EVENTS / keys).await;
        let (kept, folded) = (
            async || caught_up(&database, &app).await,
            async || folded(&app).await,
        );
        line(
            &format!("{EVENTS} events, {keys} rows"),
            in_turn(ROUNDS, kept, folded).await,
        );
    }
    one_by_one(place).await;
    lag::report(place).await;
    idle::report(place).await;
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

/// Writes so many events of each of these accounts, turn by turn.
async fn fill(app: &App, accounts: Range<u64>, events: u64) {
    const TASKS: u64 = 64;
    let mut tasks = JoinSet::new();
    for part in 0..TASKS {
        let (app, accounts) = (app.clone(), accounts.clone());
        tasks.spawn(async move {
            for turn in 0..events {
                for number in (accounts.start + part..accounts.end).step_by(64) {
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

/// Appends copies of what is in the log, which `fill` made.
async fn multiply(database: &Database, times: u64) {
    let copy = format!(
        "INSERT INTO intent.events (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at,
                                    occurred_at, aggregate_type, event_type, payload, metadata)
         SELECT tenant_id, aggregate_id, gen_random_uuid(), version + number * (last - 1), schema_version, recorded_at,
                occurred_at, aggregate_type, event_type, payload, metadata
         FROM (SELECT *, max(version) OVER (PARTITION BY tenant_id, aggregate_id) AS last FROM intent.events) AS event,
              generate_series(1, {}) AS number
         WHERE event_type = 'Deposited'
         ORDER BY number, position;
         ANALYZE intent.events",
        times - 1
    );
    database.run(&copy).await;
}

/// How many commands a second so many writers get through, each with accounts of its own among 1,000.
async fn commands(app: &App, writers: u64, lasts: Duration) -> f64 {
    let (mut tasks, begun) = (JoinSet::new(), Instant::now());
    for writer in 0..writers {
        let app = app.clone();
        tasks.spawn(async move {
            let mut sent = 0;
            while begun.elapsed() < lasts {
                let (id, note) = (account(writer + writers * (sent % 30)), "load".to_owned());
                let deposit = Deposit {
                    id,
                    amount: 1,
                    note,
                };
                app.send(deposit).await.unwrap();
                sent += 1;
            }
            sent
        });
    }
    let sent: u64 = tasks.join_all().await.into_iter().sum();
    sent as f64 / begun.elapsed().as_secs_f64()
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

/// The same rows, written in a transaction for each event with the checkpoint, as a projection by hand often does.
async fn one_by_one(place: &Place) {
    const SOME: u64 = 2_000;

    let database = with_workers(place).await;
    let app = App::connect(&database.url(), one()).await.unwrap();
    fill(&app, 0..1_000, EVENTS / 1_000).await;
    database
        .run(
            "CREATE TABLE public.sums (account uuid PRIMARY KEY, cents bigint NOT NULL);
             CREATE TABLE public.checkpoint (position bigint NOT NULL);
             INSERT INTO public.checkpoint VALUES (0)",
        )
        .await;
    let by_hand = async || {
        let mut connection = database.connection().await;
        let mut log = app.follow::<Account>();
        let (mut done, begun) = (0, Instant::now());
        while done < SOME {
            let event = log.try_next().await.unwrap().unwrap();
            let amount = match &event.event {
                AccountEvent::Deposited(deposited) => deposited.amount,
                AccountEvent::Opened(_) => 0,
            };
            let mut transaction = connection.begin().await.unwrap();
            sqlx::query("INSERT INTO public.sums VALUES ($1, $2) ON CONFLICT (account) DO UPDATE SET cents = sums.cents + $2")
                .bind(event.aggregate_id().as_uuid())
                .bind(amount)
                .execute(&mut *transaction)
                .await
                .unwrap();
            sqlx::query("UPDATE public.checkpoint SET position = position + 1")
                .execute(&mut *transaction)
                .await
                .unwrap();
            transaction.commit().await.unwrap();
            done += 1;
        }
        SOME as f64 / begun.elapsed().as_secs_f64()
    };
    let kept = async || caught_up(&database, &app).await;
    println!(
        "\n{:<48}{:>14}{:>14}{:>8}",
        "catching up, events/s", "into rows", "one by one", "ratio"
    );
    line("1000 rows", in_turn(3, kept, by_hand).await);
}
