//! R1: every event takes effect once, although the process that keeps the rows is killed again and again.
//!
//! `INTENT_SOAK=1` kills it 300 times.

use intent_runtime::prelude::*;
use intent_tests::postgres::TempDatabase;

use super::{
    bank::{Bank, child, soaks},
    domain::*,
};

/// Sends payments, and kills the process that counts them after more and more of them.
async fn killed(url: &str) {
    let kills = if soaks() { 300 } else { 20 };
    let mut bank = Bank::of(App::connect(url, domain()).await.unwrap(), 5).await;
    for kill in 0..kills {
        let mut child = tokio::task::block_in_place(|| child(["workers", url]));
        for _ in 0..(kill * 3) % 60 + 1 {
            bank.pays().await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let workers = bank.app.start().await.unwrap();
    bank.is_counted().await;
    bank.tells(&format!("{kills} kills"));
    workers.stop(LONG).await.unwrap();
    bank.app.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_on_sqlite_are_right_after_many_kills() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.db");
    killed(&format!("sqlite:{}", file.display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_on_postgres_are_right_after_many_kills() {
    let database = TempDatabase::new().await;
    killed(&database.url()).await;
}
