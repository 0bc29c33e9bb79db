//! Each event counts once, although the process that writes the table is killed again and again.
//!
//! `INTENT_SOAK=1` kills it 300 times.

use intent_runtime::prelude::*;
use intent_tests::postgres::TempDatabase;
use sqlx::{Connection as _, SqliteConnection};

use super::{
    super::{
        bank::{child, soaks},
        domain::*,
    },
    ledger::{PgLedger, SqliteLedger, fine},
};

/// Sends payments of growing amounts, and kills the process that writes them down after more and more of them.
async fn killed(app: App, what: [&str; 2]) -> Vec<i64> {
    let kills = if soaks() { 300 } else { 20 };
    let id = opened(&app, "north").await;
    let mut amounts = vec![0];
    for kill in 0..kills {
        let mut child = tokio::task::block_in_place(|| child(what));
        for _ in 0..(kill * 7) % 60 + 1 {
            let amount = i64::try_from(amounts.len()).unwrap();
            pay(&app, id, amount).await;
            amounts.push(amount);
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let workers = app.start().await.unwrap();
    app.settled(LONG).await.unwrap();
    workers.stop(LONG).await.unwrap();
    app.close().await.unwrap();
    println!("{kills} kills: {} events, each counted once", amounts.len());
    amounts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_on_sqlite_is_right_after_many_kills() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("events.db").display());
    let app = App::connect(&url, Domain::of::<Account>()).projection(SqliteLedger(fine()));
    let amounts = killed(app.await.unwrap(), ["projection", &url]).await;
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    assert_eq!(SqliteLedger::amounts(&mut connection).await, amounts);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_on_postgres_is_right_after_many_kills() {
    let database = TempDatabase::new().await;
    let url = database.url();
    let app = App::connect(&url, Domain::of::<Account>()).projection(PgLedger(fine()));
    let amounts = killed(app.await.unwrap(), ["projection", &url]).await;
    let mut connection = database.connect().await.unwrap();
    assert_eq!(PgLedger::amounts(&mut connection).await, amounts);
}
