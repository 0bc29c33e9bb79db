//! Us, among the peers: the same bank measured as `bench/peers` beside this repository measures the others.
//!
//! `cargo build --release -p intent-tests --example peers`, then hand `target/release/examples/peers` to its `run.sh`
//! as `OURS`. It takes `DATABASE_URL`, `SECS` and `METRICS`, and prints one JSON object a line. With `AMONG=9` the projection
//! is that of one tenant, and nine others have as many events between its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    missing_docs,
    reason = "a benchmark fails by panicking and reports by printing"
)]

mod cpu;
mod domain;
mod measure;

use std::{collections::HashMap, time::Instant};

use intent_runtime::{Cursor, LogFilter, PgStore, Subscription, prelude::*};
use serde_json::json;
use sqlx::PgPool;
use tokio::task::JoinSet;

use self::{
    cpu::Cpu,
    domain::{Account, AccountEvent, Deposit, Open, Withdraw},
    measure::{LIB, median, postmaster, rate},
};

const TASKS: [usize; 3] = [1, 8, 32];
const ACCOUNTS: u64 = 1_000;

#[derive(Clone)]
struct Bank {
    pool: PgPool,
    app: App,
    tenant: Tenant,
}

#[tokio::main]
async fn main() {
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL names the database");
    let seconds = std::env::var("SECS")
        .ok()
        .and_then(|text| text.parse().ok());
    let metrics = std::env::var("METRICS");
    let metrics = metrics.unwrap_or("open,deposit,rehydrate,projection".into());
    let store = PgStore::connect(&url).await.unwrap();
    let pool = store.pool().clone();
    let app = App::on(store, Domain::of::<Account>()).await.unwrap();
    let tenant = app.tenant(TenantId::DEFAULT);
    let bank = Bank { pool, app, tenant };
    bank.behaves().await;
    for metric in metrics.split(',') {
        match metric {
            "open" => bank.opens(seconds.unwrap_or(3)).await,
            "deposit" => bank.deposits(seconds.unwrap_or(3)).await,
            "rehydrate" => bank.rehydrates(seconds.unwrap_or(3)).await,
            "projection" => bank.projects().await,
            other => panic!("unknown metric {other}"),
        }
    }
}

impl Bank {
    /// The bank of another tenant.
    fn of(&self, tenant: TenantId) -> Self {
        Self {
            tenant: self.app.tenant(tenant),
            ..self.clone()
        }
    }

    async fn open(&self, id: Id<Account>) -> Result<(), String> {
        let sent = self
            .tenant
            .send(Open {
                id,
                owner: "o".into(),
            })
            .await;
        sent.map(drop).map_err(|error| error.to_string())
    }

    async fn deposit(&self, id: Id<Account>, amount: i64, txn: u64) -> Result<(), String> {
        let txn = format!("11111111-0000-4000-8000-{txn:012x}");
        let sent = self.tenant.send(Deposit { id, amount, txn }).await;
        sent.map(drop).map_err(|error| error.to_string())
    }

    /// The domain is the one that the others have.
    async fn behaves(&self) {
        let id = Id::new();
        let withdraw = |amount| {
            let txn = String::new();
            self.tenant.send(Withdraw { id, amount, txn })
        };
        self.open(id).await.unwrap();
        self.deposit(id, 10, 1).await.unwrap();
        withdraw(4).await.unwrap();
        assert!(withdraw(7).await.is_err(), "an overdraft must fail");
        assert!(self.open(id).await.is_err(), "a second opening must fail");
        assert_eq!(self.tenant.load(id).await.unwrap().balance, 6);
    }

    async fn reset(&self) {
        let truncate = sqlx::query("TRUNCATE intent.events, intent.snapshots RESTART IDENTITY");
        truncate.execute(&self.pool).await.unwrap();
    }

    async fn opens(&self, seconds: u64) {
        for tasks in TASKS {
            self.reset().await;
            let bank = self.clone();
            let open = move |_, _| {
                let bank = bank.clone();
                async move { bank.open(Id::new()).await }
            };
            println!("{}", rate("open", tasks, seconds, open).await);
        }
    }

    async fn deposits(&self, seconds: u64) {
        for tasks in TASKS {
            self.reset().await;
            let ids: Vec<Id<Account>> = (0..ACCOUNTS).map(|_| Id::new()).collect();
            let mut opening = JoinSet::new();
            for id in ids.clone() {
                let bank = self.clone();
                opening.spawn(async move { bank.open(id).await.unwrap() });
            }
            opening.join_all().await;
            let (bank, count) = (self.clone(), tasks as u64);
            let deposit = move |task: u64, turn: u64| {
                let own = (ACCOUNTS - task).div_ceil(count);
                let account = task + turn % own * count;
                let (bank, id) = (bank.clone(), ids[account as usize]);
                async move { bank.deposit(id, 1, account * 1_000_000 + turn).await }
            };
            println!("{}", rate("deposit", tasks, seconds, deposit).await);
        }
    }

    /// A stream of `count` events: opened, then deposits of 1.
    async fn seed(&self, id: Id<Account>, count: i64) {
        self.open(id).await.unwrap();
        self.deposit(id, 1, 9).await.unwrap();
        let copies = sqlx::query(
            "INSERT INTO intent.events (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at,
                                        occurred_at, aggregate_type, event_type, payload, metadata)
             SELECT tenant_id, aggregate_id, gen_random_uuid(), version + number, schema_version, recorded_at,
                    occurred_at, aggregate_type, event_type, payload, metadata
             FROM intent.events, generate_series(1, $2) AS number
             WHERE aggregate_id = $1 AND version = 2",
        );
        let copies = copies.bind(id.as_uuid()).bind(count - 2);
        copies.execute(&self.pool).await.unwrap();
    }

    async fn rehydrates(&self, seconds: u64) {
        for events in [1_000_i32, 10_000] {
            self.reset().await;
            for _ in 0..20 {
                self.open(Id::new()).await.unwrap();
            }
            let id = Id::new();
            self.seed(id, events.into()).await;
            let (mut times, cpu, start) = (Vec::new(), Cpu::now(postmaster()), Instant::now());
            while start.elapsed().as_secs() < seconds {
                let begun = Instant::now();
                let account = self.tenant.load(id).await.unwrap();
                times.push(begun.elapsed().as_secs_f64());
                assert_eq!(account.balance, i64::from(events) - 1);
            }
            let read = times.len() as u64 * u64::from(events.unsigned_abs());
            let (client, server) = cpu.since(read);
            let median = median(&mut times);
            let line = json!({
                "lib": LIB, "metric": "rehydrate", "n": events, "loads": times.len(),
                "ms_median": median * 1e3, "ms_min": times[0] * 1e3,
                "events_per_s_median": f64::from(events) / median,
                "cpu_us_client": client, "cpu_us_pg": server,
            });
            println!("{line}");
        }
    }

    async fn projects(&self) {
        const STREAMS: u64 = 100;
        const EVENTS: u64 = STREAMS * 1_000;
        self.reset().await;
        let among = std::env::var("AMONG").ok();
        let among: Option<usize> = among.map(|text| text.parse().unwrap());
        let bank = among.map_or_else(|| self.clone(), |_| self.of(TenantId::new()));
        let others = (0..among.unwrap_or(0)).map(|_| self.of(TenantId::new()));
        let others: Vec<Self> = others.collect();
        for _ in 0..STREAMS {
            for bank in others.iter().chain([&bank]) {
                bank.seed(Id::new(), 1_000).await;
            }
        }
        let table = "CREATE TABLE IF NOT EXISTS checkpoint (cursor text NOT NULL)";
        sqlx::query(table).execute(&self.pool).await.unwrap();
        let mut rates = Vec::new();
        for _ in 0..3 {
            let (cpu, start) = (Cpu::now(postmaster()), Instant::now());
            let log = match among {
                Some(_) => bank.tenant.subscribe(LogFilter::all()),
                None => bank.app.subscribe(LogFilter::all()),
            };
            bank.catch_up(log, EVENTS).await;
            let per_second = EVENTS as f64 / start.elapsed().as_secs_f64();
            let (client, server) = cpu.since(EVENTS);
            rates.push(per_second);
            let line = json!({
                "lib": LIB, "metric": "projection_run", "events": EVENTS, "per_s": per_second,
                "cpu_us_client": client, "cpu_us_pg": server,
            });
            println!("{line}");
        }
        let median = median(&mut rates);
        let line = json!({
            "lib": LIB, "metric": "projection", "n": EVENTS, "events_per_s_median": median,
        });
        println!("{line}");
    }

    /// All events into a map of balances, page by page; the cursor is kept with each page.
    async fn catch_up(&self, mut log: Subscription, events: u64) {
        self.keep(Cursor::START).await;
        let mut balances: HashMap<_, i64> = HashMap::new();
        let mut handled = 0;
        while handled < events {
            let page = log.next_page().await.unwrap();
            handled += page.events.len() as u64;
            for stored in page.events {
                let account = stored.aggregate_id;
                for recorded in stored.decode::<Account>().unwrap() {
                    if let AccountEvent::Deposited(deposited) = recorded.event {
                        *balances.entry(account).or_default() += deposited.amount;
                    }
                }
            }
            self.keep(page.cursor).await;
        }
        let total: i64 = balances.values().sum();
        assert_eq!(total, i64::try_from(events).unwrap() - 100);
    }

    async fn keep(&self, cursor: Cursor) {
        let keep = "WITH gone AS (DELETE FROM checkpoint) INSERT INTO checkpoint VALUES ($1)";
        let keep = sqlx::query(keep).bind(cursor.to_string());
        keep.execute(&self.pool).await.unwrap();
    }
}
