//! Writes a table by hand until it is killed.

use std::{future::pending, time::Duration};

use intent_runtime::{App, Domain, WorkerOptions};

use super::{
    ledger::{PgLedger, SqliteLedger, fine},
    worker::Account,
};

/// Says when it has begun. Its lease is short, so that the next one takes over soon.
pub async fn run(url: &str) {
    let app = App::connect(url, Domain::of::<Account>());
    let app = match url.starts_with("sqlite:") {
        true => app.projection(SqliteLedger(fine())),
        false => app.projection(PgLedger(fine())),
    };
    let options = WorkerOptions::new().lease(Duration::from_millis(60));
    let app = app.await.unwrap();
    let _workers = app.start_with(options).await.unwrap();
    println!("started");
    pending::<()>().await;
}
