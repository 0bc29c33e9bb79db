//! R1: every event takes effect once, although the process that keeps the rows is killed again and again.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use intent_runtime::{Workers, prelude::*};
use intent_tests::postgres::TempDatabase;

use super::domain::*;

const KILLS: usize = 20;
const ACCOUNTS: usize = 5;

fn child(url: &str) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_child"))
        .args(["workers", url])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "started");
    child
}

/// Sends payments, and kills the process that counts them after more and more of them.
async fn killed(url: &str) {
    let app = App::connect(url, domain()).await.unwrap();
    let mut accounts = Vec::new();
    for _ in 0..ACCOUNTS {
        accounts.push(opened(&app, "north").await);
    }
    let mut sums: HashMap<Id<Account>, (i64, i64)> = HashMap::new();
    let mut amount = 0;
    for kill in 0..KILLS {
        let mut child = tokio::task::block_in_place(|| child(url));
        for _ in 0..kill * 3 + 1 {
            for id in &accounts {
                amount += 1;
                pay(&app, *id, amount).await;
                let sum = sums.entry(*id).or_default();
                *sum = (sum.0 + amount, sum.1 + 1);
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let workers: Workers = app.start().await.unwrap();
    app.settled(LONG).await.unwrap();
    let rows = app.read::<Balance>().query("", ()).await.unwrap();
    let rows = rows.into_iter().map(|row| {
        assert_eq!(row.all.iter().sum::<i64>(), row.cents);
        (row.account, (row.cents, row.payments))
    });
    assert_eq!(rows.collect::<HashMap<_, _>>(), sums);
    let branch = app
        .read::<Branch>()
        .get("north".to_owned())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(branch.accounts, ACCOUNTS as i64);
    workers.stop(LONG).await.unwrap();
    app.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_on_sqlite_are_right_after_many_kills() {
    let folder = tempfile::tempdir().unwrap();
    killed(&format!(
        "sqlite:{}",
        folder.path().join("events.db").display()
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_on_postgres_are_right_after_many_kills() {
    let database = TempDatabase::new().await;
    killed(&database.url()).await;
}
