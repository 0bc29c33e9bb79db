//! R2: of two processes, the one that keeps the rows is stopped for longer than its lease and woken again. Neither writes what the
//! other one wrote.

use std::{process::Child, time::Duration};

use intent_runtime::prelude::*;
use intent_tests::postgres::TempDatabase;
use rustix::process::{Pid, Signal, kill_process};
use tokio::{select, time::sleep};

use super::{
    bank::{Bank, child, soaks},
    domain::domain,
};

/// Far longer than another process needs to take over.
const BUSY: Duration = Duration::from_secs(3);

fn signal(child: &Killed, signal: Signal) {
    kill_process(Pid::from_child(&child.0), signal).unwrap();
}

/// A process that ends with the test, also when that fails.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Stops the two in turn. Where `in_work`, also in the midst of a write.
async fn frozen(url: &str, in_work: bool) {
    let rounds = if soaks() { 200 } else { 20 };
    let mut bank = Bank::of(App::connect(url, domain()).await.unwrap(), 3).await;
    let children = tokio::task::block_in_place(|| {
        [child(["workers", url]), child(["workers", url])].map(Killed)
    });
    for round in 0..rounds {
        let stopped = &children[round % 2];
        bank.pays().await;
        if !in_work {
            bank.is_counted().await;
        }
        signal(stopped, Signal::STOP);
        // The other one has the lease or takes it.
        let goes_on = async {
            bank.pays().await;
            bank.is_counted().await;
        };
        let wakes = async {
            if in_work {
                std::future::pending::<()>().await;
            }
            sleep(BUSY).await;
            signal(stopped, Signal::CONT);
            std::future::pending::<()>().await;
        };
        select! {
            () = goes_on => {}
            () = wakes => {}
        }
        signal(stopped, Signal::CONT);
        bank.pays().await;
    }
    bank.is_counted().await;
    bank.tells(&format!("{rounds} times a process was stopped and woken"));
    drop(children);
    bank.app.close().await.unwrap();
}

/// On SQLite, a process that is stopped in the midst of a write keeps everybody from writing. So it is stopped when it has no row to
/// write, and woken early if it was about to renew its lease.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_sqlite_that_are_stopped_in_turn_write_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("events.db").display());
    frozen(&url, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_postgres_that_are_stopped_in_turn_write_nothing_twice() {
    let database = TempDatabase::new().await;
    frozen(&database.url(), true).await;
}
