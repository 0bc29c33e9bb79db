//! Keeps read models until it is killed.

use std::{future::pending, time::Duration};

use intent_runtime::{App, WorkerOptions};

use super::worker::domain;

/// Says when it has begun. Its lease is short, so that the next one takes over soon.
pub async fn run(url: &str) {
    let app = App::connect(url, domain()).await.unwrap();
    let options = WorkerOptions::new().lease(Duration::from_millis(60));
    let _workers = app.start_with(options).await.unwrap();
    println!("started");
    pending::<()>().await;
}
