//! S3, S4, S5: servers that are killed, connections that are cut, answers that are lost. An outside ledger of
//! acknowledgements says what must be there; every other command has two events, so that a half one would show. The
//! application has the rights of one.
//!
//! `INTENT_SOAK=1` makes it ten times as long, on a disk.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use intent_runtime::{App, PgStore, SendError, StoreError, prelude::*};
use intent_tests::postgres::{Bouncer, Cluster, Options, PoolOptions, Proxy};
use sqlx::{Executor, PgConnection, Row};
use tokio::{sync::watch, task::JoinSet};

use super::roles::Roles;
use crate::dispatch::{
    domain::{Account, AccountEvent, DepositMany, Open},
    fixture::registered,
};

const WORKERS: usize = 16;

fn soaks() -> bool {
    std::env::var_os("INTENT_SOAK").is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_loses_and_doubles_nothing() {
    let (kills, options) = if soaks() {
        (200, Options::durable())
    } else {
        (20, Options::fast())
    };
    let cluster = Cluster::start(options).await;
    let roles = Roles::on(cluster.server()).await;
    let store = roles.open(&roles.app).await.unwrap();
    let load = Load::start(store, WORKERS).await;
    for _ in 0..kills {
        load.moves_on(100).await;
        cluster.kill_9().await;
        cluster.restart().await;
    }
    load.moves_on(100).await;
    load.end(&format!("{kills} kills")).await;
}

#[tokio::test]
async fn what_is_acknowledged_is_written_also_where_others_do_not_wait_for_it() {
    // Data that nobody waits for stays in the memory of the server here.
    let options = Options::fast()
        .set("synchronous_commit", "off")
        .set("wal_writer_delay", "10s")
        .set("wal_writer_flush_after", "1GB");
    let cluster = Cluster::start(options).await;
    let store = PgStore::connect(&cluster.superuser_url()).await.unwrap();
    let app = registered(store).await;
    for amounts in [vec![5], vec![5, 5]] {
        let id = Id::new();
        let owner = String::from("Ada");
        app.send(Open { id, owner }).await.unwrap();
        let version = Version::new(1 + amounts.len() as u64);
        app.send(DepositMany { id, amounts }).await.unwrap();
        cluster.kill_9().await;
        cluster.restart().await;
        assert_eq!(app.load(id).await.unwrap().version(), version);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_behind_a_pooler_loses_and_doubles_nothing() {
    let kills = if soaks() { 50 } else { 3 };
    let cluster = Cluster::start(Options::fast()).await;
    let roles = Roles::on(cluster.server()).await;
    let bouncer = Bouncer::start(cluster.server(), PoolOptions::transaction()).await;
    let store = roles
        .open_through(bouncer.server(), &roles.app)
        .await
        .unwrap();
    let load = Load::start(store, WORKERS).await;
    for _ in 0..kills {
        load.moves_on(100).await;
        cluster.kill_9().await;
        cluster.restart().await;
    }
    load.moves_on(100).await;
    load.end(&format!("{kills} kills behind a pooler")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_lose_and_double_nothing() {
    let cuts = if soaks() { 5_000 } else { 500 };
    let roles = Roles::new().await;
    let proxy = Proxy::start(roles.server()).await;
    let mut admin = roles.database().connect().await.unwrap();
    // Many tasks append together. Two tasks mostly append alone.
    for workers in [WORKERS, 2] {
        let store = roles
            .open_through(proxy.server(), &roles.app)
            .await
            .unwrap();
        let load = Load::start(store, workers).await;
        let (mut terminated, lost_before) = (0, proxy.swallowed());
        let lost = || proxy.swallowed() - lost_before;
        while terminated + lost() < cuts / 2 {
            load.moves_on(5).await;
            if fastrand::bool() {
                terminated += terminate(&mut admin).await;
            } else {
                // Mostly that of a statement that appends, whose commit went through.
                proxy.swallow_next_reply();
                load.moves_on(5).await;
            }
        }
        load.moves_on(100).await;
        let lost = lost();
        load.end(&format!(
            "{workers} workers, {terminated} connections terminated, {lost} answers lost"
        ))
        .await;
    }
}

/// Ends the connections of the database that are at work, except for ours.
async fn terminate(admin: &mut PgConnection) -> usize {
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%Appends %'";
    let row = admin.fetch_one(ended).await.unwrap();
    usize::try_from(row.get::<i64, _>(0)).unwrap()
}

/// Tasks that send commands, each again under the same id until it is acknowledged.
struct Load {
    app: App,
    workers: JoinSet<(Id<Account>, Vec<i64>)>,
    acknowledged: watch::Sender<usize>,
    troubles: Arc<AtomicUsize>,
    unknown: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Load {
    async fn start(store: PgStore, workers: usize) -> Self {
        let mut load = Self {
            app: registered(store).await,
            workers: JoinSet::new(),
            acknowledged: watch::Sender::new(0),
            troubles: Arc::default(),
            unknown: Arc::default(),
            stop: Arc::default(),
        };
        for _ in 0..workers {
            let id = Id::new();
            let owner = String::from("Ada");
            load.app.send(Open { id, owner }).await.unwrap();
            let worker = Worker {
                app: load.app.clone(),
                id,
                acknowledged: load.acknowledged.clone(),
                troubles: Arc::clone(&load.troubles),
                unknown: Arc::clone(&load.unknown),
                stop: Arc::clone(&load.stop),
            };
            load.workers.spawn(worker.run());
        }
        load
    }

    /// Waits until so many more commands were acknowledged: the application has recovered by itself.
    async fn moves_on(&self, more: usize) {
        let mut acknowledged = self.acknowledged.subscribe();
        let enough = *acknowledged.borrow_and_update() + more;
        let moving = acknowledged.wait_for(|now| *now >= enough);
        let moved = tokio::time::timeout(Duration::from_secs(60), moving).await;
        moved.expect("the application goes on by itself").unwrap();
    }

    /// Stops the load and compares what is stored with what was acknowledged.
    async fn end(mut self, what: &str) {
        self.stop.store(true, Ordering::SeqCst);
        let mut commands = 0;
        while let Some(worker) = self.workers.join_next().await {
            let (id, acknowledged) = worker.unwrap();
            let history = self.app.history(id).await.unwrap();
            let amounts: Vec<i64> = history
                .iter()
                .filter_map(|event| match &event.event {
                    AccountEvent::Deposited(deposited) => Some(deposited.amount),
                    _ => None,
                })
                .collect();
            let sent: Vec<i64> = acknowledged.iter().flat_map(|n| amounts_of(*n)).collect();
            assert_eq!(amounts, sent, "each command once, whole, in order");
            commands += acknowledged.len();
        }
        let (troubles, unknown) = (&self.troubles, &self.unknown);
        println!(
            "{what}: {commands} commands acknowledged and stored once, {troubles:?} errors met, {unknown:?} of them unknown outcomes"
        );
        self.app.store().close().await.unwrap();
    }
}

/// What a worker's command of this number deposits.
fn amounts_of(number: i64) -> Vec<i64> {
    let events = if number % 2 == 0 { 2 } else { 1 };
    vec![number; events]
}

struct Worker {
    app: App,
    id: Id<Account>,
    acknowledged: watch::Sender<usize>,
    troubles: Arc<AtomicUsize>,
    unknown: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Worker {
    async fn run(self) -> (Id<Account>, Vec<i64>) {
        let mut acknowledged = Vec::new();
        for number in 1.. {
            if self.stop.load(Ordering::SeqCst) {
                break;
            }
            self.send(number).await;
            acknowledged.push(number);
            self.acknowledged.send_modify(|count| *count += 1);
        }
        (self.id, acknowledged)
    }

    async fn send(&self, number: i64) {
        let command_id = CommandId::new();
        loop {
            let command = DepositMany {
                id: self.id,
                amounts: amounts_of(number),
            };
            let options = SendOptions::new().command_id(command_id);
            let error = match self.app.send_with(command, options).await {
                Ok(receipt) => {
                    let whole = amounts_of(number).len();
                    return assert_eq!(receipt.events.len(), whole, "a receipt is whole");
                }
                Err(error) => error,
            };
            self.troubles.fetch_add(1, Ordering::SeqCst);
            match error {
                SendError::Store(StoreError::UnknownOutcome { .. }) => {
                    self.unknown.fetch_add(1, Ordering::SeqCst);
                }
                SendError::Store(
                    StoreError::Unavailable { .. }
                    | StoreError::NotReady { .. }
                    | StoreError::NoConnection { .. }
                    | StoreError::Busy { .. },
                ) => {}
                other => panic!("{other:?}"),
            }
            // As a client would.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
