//! Where the tests run.

use intent_runtime::{Activity, prelude::*};
use intent_tests::postgres::TempDatabase;

/// Runs a test on a store of each kind, with the app of a domain.
pub async fn on_every_store(domain: fn() -> Domain, test: impl AsyncFn(App)) {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}", folder.path().join("events.db").display());
    let database = TempDatabase::new().await;
    for url in ["memory:", &file, &database.url()] {
        test(App::connect(url, domain()).await.unwrap()).await;
    }
}

/// Waits until one of the workers fails, and returns why.
pub async fn failing(workers: &Workers) -> String {
    loop {
        for (_, status) in workers.status() {
            if let Activity::Failing(reason) = status.activity {
                return reason;
            }
        }
        tokio::task::yield_now().await;
    }
}
