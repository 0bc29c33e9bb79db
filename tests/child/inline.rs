//! Sends commands whose rows are written with their events, until it is killed.

use std::io::Write as _;

use intent_runtime::prelude::*;
use sqlx::Connection as _;
use tokio::task::JoinSet;

use super::inline_domain::{Browse, Customer, Visit, domain, without_models};

/// Visits each customer over and over, and says so when a visit is answered: its version, up to a point. It visits in all ways that
/// there are: by a command, by one with several events, in a transaction, and in a transaction of the user's. The first customer is
/// visited by a build that does not know the rows, and a worker writes its row.
pub async fn run(url: &str, customers: &[&str]) {
    let app = App::connect(url, domain()).await.unwrap();
    let _workers = app.start().await.unwrap();
    let older = App::on(&app, without_models()).await.unwrap();
    let mut visiting = JoinSet::new();
    for (index, id) in customers.iter().enumerate() {
        let app = if index == 0 { &older } else { &app }.clone();
        let (url, id) = (url.to_owned(), id.parse::<Id<Customer>>().unwrap());
        visiting.spawn(async move {
            for turn in index.. {
                // One that waits for too long for the others is tried again.
                let Some(version) = visit(&app, &url, id, turn).await else {
                    continue;
                };
                let mut out = std::io::stdout().lock();
                let said = writeln!(out, "{id} {version}.");
                if said.and_then(|()| out.flush()).is_err() {
                    return;
                }
            }
        });
    }
    visiting.join_all().await;
}

async fn visit(app: &App, url: &str, id: Id<Customer>, turn: usize) -> Option<Version> {
    let visit = Visit { id, pages: 3 };
    let visits = vec![1, 2, 3];
    match turn % 8 {
        1 | 4 => Some(app.send(Browse { id, visits }).await.ok()?.version),
        2 => {
            let mut part = app.transaction().await.ok()?;
            let visited = part.send(visit).await.ok()?;
            part.send(Browse { id, visits }).await.ok()?;
            part.commit().await.ok()?;
            Some(visited.version)
        }
        3 => match url.strip_prefix("sqlite:") {
            Some(file) => {
                let mut users = sqlx::SqliteConnection::connect(file).await.ok()?;
                let mut part = users.begin_with("BEGIN IMMEDIATE").await.ok()?;
                let visited = app.send_in(&mut part, visit, SendOptions::new()).await;
                let visited = visited.ok()?;
                part.commit().await.ok()?;
                Some(visited.version)
            }
            None => {
                let mut users = sqlx::PgConnection::connect(url).await.ok()?;
                let mut part = users.begin().await.ok()?;
                let visited = app.send_in(&mut part, visit, SendOptions::new()).await;
                let visited = visited.ok()?;
                part.commit().await.ok()?;
                Some(visited.version)
            }
        },
        _ => Some(app.send(visit).await.ok()?.version),
    }
}
