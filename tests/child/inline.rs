//! Sends commands whose rows are written with their events, until it is killed.

use std::io::Write as _;

use intent_runtime::prelude::*;
use tokio::task::JoinSet;

use super::inline_domain::{Customer, Visit, domain};

/// Visits each customer over and over, and says so when a visit is answered: its version, up to a point.
pub async fn run(url: &str, customers: &[&str]) {
    let app = App::connect(url, domain()).await.unwrap();
    let mut visiting = JoinSet::new();
    for id in customers {
        let (app, id) = (app.clone(), id.parse::<Id<Customer>>().unwrap());
        visiting.spawn(async move {
            loop {
                let visited = app.send(Visit { id, pages: 3 }).await.unwrap();
                let mut out = std::io::stdout().lock();
                let said = writeln!(out, "{id} {}.", visited.version);
                if said.and_then(|()| out.flush()).is_err() {
                    return;
                }
            }
        });
    }
    visiting.join_all().await;
}
