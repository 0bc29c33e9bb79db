//! Appends: deposits to accounts that are at hand, or new accounts, by one task and by several, in one tenant and in many.

use intent_runtime::{App, CommandId, Id, Metadata, SendOptions, TenantId};
use tokio::task::JoinSet;

use super::{
    domain::{Account, Deposit, Open},
    log::{Cost, Log},
    table::{Limit::Times, Table},
};

/// How many accounts are written to, and how many tenants where there are many.
const ACCOUNTS: usize = 2_000;
/// How many tasks open them.
const OPENERS: usize = 32;

pub async fn report(table: &Table<'_>) {
    for (whose, of) in [
        ("one tenant", Tenants::One),
        ("many tenants", Tenants::Many),
    ] {
        let [small, large] = table.logs();
        let small_accounts = Accounts::open(small, of).await;
        let large_accounts = Accounts::open(large, of).await;
        for (tasks, events) in [(1, 500), (8, 5_000), (64, 20_000)] {
            let append = async |log: &Log| {
                let accounts = match log.events == small.events {
                    true => &small_accounts,
                    false => &large_accounts,
                };
                accounts.append(log, Work::Deposits, tasks, events).await
            };
            let what = format!("append, writers: {tasks}, {whose}");
            table.line(&what, Times(1.3), append).await;
        }
    }
}

#[derive(Clone, Copy)]
pub enum Tenants {
    /// The one that has most events.
    One,
    /// Those that are there, and as many more as a small log lacks.
    Many,
}

/// What is appended.
#[derive(Clone, Copy)]
pub enum Work {
    /// Events of streams that are there.
    Deposits,
    /// The same, each in a correlation that another command began.
    Caused,
    /// First events.
    Openings,
}

/// Accounts that are kept by the app, each with its tenant.
pub struct Accounts(Vec<(TenantId, Id<Account>)>);

impl Accounts {
    pub async fn open(log: &Log, of: Tenants) -> Self {
        let tenants = match of {
            Tenants::One => vec![log.long_stream().await.tenant(); ACCOUNTS],
            Tenants::Many => {
                let mut tenants = log.tenants(ACCOUNTS).await;
                tenants.resize_with(ACCOUNTS, TenantId::new);
                tenants
            }
        };
        let accounts: Vec<_> = tenants
            .into_iter()
            .map(|tenant| (tenant, Id::new()))
            .collect();
        let mut opening = JoinSet::new();
        for part in accounts.chunks(ACCOUNTS.div_ceil(OPENERS)) {
            let (app, part) = (log.app.clone(), part.to_vec());
            opening.spawn(async move {
                for (tenant, id) in part {
                    open(&app, tenant, id).await;
                }
            });
        }
        opening.join_all().await;
        Self(accounts)
    }

    /// What each of so many appends takes by so many tasks, each of which has accounts of its own or opens new ones beside
    /// them.
    pub async fn append(&self, log: &Log, work: Work, tasks: usize, events: usize) -> Cost {
        let mut working = JoinSet::new();
        let appends = async {
            for task in 0..tasks {
                let accounts = self.0.iter().skip(task).step_by(tasks);
                let (app, accounts) = (log.app.clone(), accounts.copied().collect::<Vec<_>>());
                working.spawn(async move {
                    let turns = accounts.iter().cycle().take(events / tasks);
                    for (turn, &(tenant, id)) in turns.enumerate() {
                        match work {
                            Work::Deposits => {
                                deposit(&app, tenant, id, turn, SendOptions::new()).await;
                            }
                            Work::Caused => {
                                let metadata =
                                    Metadata::new().correlation_id(CommandId::new().into());
                                let options = SendOptions::new().metadata(metadata);
                                deposit(&app, tenant, id, turn, options).await;
                            }
                            Work::Openings => open(&app, tenant, Id::new()).await,
                        }
                    }
                });
            }
            working.join_all().await;
        };
        log.cost(events as u64, appends).await
    }
}

async fn open(app: &App, tenant: TenantId, id: Id<Account>) {
    let owner = "Ada Lovelace".into();
    app.tenant(tenant).send(Open { id, owner }).await.unwrap();
}

async fn deposit(app: &App, tenant: TenantId, id: Id<Account>, turn: usize, options: SendOptions) {
    let txn = format!("11111111-0000-4000-8000-{turn:012x}");
    let deposit = Deposit { id, amount: 1, txn };
    app.tenant(tenant)
        .send_with(deposit, options)
        .await
        .unwrap();
}
