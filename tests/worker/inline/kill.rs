//! A row is there when its command is answered, and no row without its events, although the process that sends is killed again and
//! again.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use intent_runtime::prelude::*;
use intent_tests::postgres::TempDatabase;

use super::{super::domain::LONG, domain::*};

fn kills() -> usize {
    if std::env::var_os("INTENT_SOAK").is_some() {
        300
    } else {
        20
    }
}

const CUSTOMERS: usize = 5;

/// Lets a process visit the customers until it has said of so many visits that they are answered, and kills it. Returns the last
/// answered version of each.
fn answered(url: &str, customers: &[Id<Customer>], count: usize) -> HashMap<Id<Customer>, u64> {
    let customers = customers.iter().map(ToString::to_string);
    let mut child = Command::new(env!("CARGO_BIN_EXE_child"))
        .args(["inline", url])
        .args(customers)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = Vec::new();
    said.extend(lines.by_ref().take(count));
    child.kill().unwrap();
    // What it said before it died is answered too. The last line may be cut off.
    said.extend(lines);
    child.wait().unwrap();
    let mut answered = HashMap::new();
    for line in said.into_iter().map_while(Result::ok) {
        let Some((id, version)) = line
            .trim_end_matches('.')
            .split_once(' ')
            .filter(|_| line.ends_with('.'))
        else {
            continue;
        };
        answered.insert(id.parse().unwrap(), version.parse().unwrap());
    }
    answered
}

/// Each event is there with its row, and each row with its events.
async fn has_all(app: &App, id: Id<Customer>) {
    let row = listed(app, id).await.unwrap();
    let last = row.last.unwrap_or(1);
    let customer = app.load(id).await.unwrap();
    assert_eq!(last, customer.version().get());
    assert_eq!(row.pages, customer.pages());
    assert_eq!(row.visits.len() as u64 + 1, last);
}

async fn killed(url: &str) {
    let app = App::connect(url, domain()).await.unwrap();
    let mut customers = Vec::new();
    for index in 0..CUSTOMERS {
        customers.push(registered(&app, &format!("{index}@example.org")).await);
    }
    let mut visits = 0;
    for kill in 0..kills() {
        let answered = tokio::task::block_in_place(|| answered(url, &customers, kill % 20 * 7 + 1));
        for id in &customers[1..] {
            let row = listed(&app, *id).await.unwrap();
            let last = row.last.unwrap_or(1);
            assert!(
                last >= answered.get(id).copied().unwrap_or(1),
                "an answered row is missing"
            );
            has_all(&app, *id).await;
        }
        visits += answered.len();
    }
    assert!(visits > kills(), "visits were answered");
    // The workers that were killed left the rest of the first row to the next one.
    let workers = app.start().await.unwrap();
    app.settled(LONG).await.unwrap();
    for id in &customers {
        has_all(&app, *id).await;
    }
    assert!(app.load(customers[0]).await.unwrap().version().get() > 1);
    workers.stop(LONG).await.unwrap();
    app.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_events_are_together_on_sqlite_after_many_kills() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.db");
    killed(&format!("sqlite:{}", file.display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_events_are_together_on_postgres_after_many_kills() {
    let database = TempDatabase::new().await;
    killed(&database.url()).await;
}
