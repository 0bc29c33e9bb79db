//! A crash of the server can take back the last write, since it does not wait for the disk.

use std::time::Duration;

use intent_runtime::{WorkerOptions, prelude::*};
use intent_tests::postgres::TempDatabase;
use sqlx::{Connection, PgConnection, SqliteConnection};

use super::domain::*;

const OPTIONS: WorkerOptions = WorkerOptions::new().lease(Duration::from_millis(300));

/// Takes the last write back while nothing happens, and waits until the row is there again.
async fn is_written_again(app: App, take_back: impl AsyncFnOnce()) {
    let workers = app.start_with(OPTIONS).await.unwrap();
    let id = opened(&app, "north").await;
    let receipt = pay(&app, id, 5).await;
    app.wait_for::<Balance>(&receipt, LONG).await.unwrap();
    let rows = app.read::<Balance>();
    let written = rows.get(id).await.unwrap();
    take_back().await;
    let again = async {
        loop {
            if let Some(row) = rows.get(id).await.unwrap() {
                return row;
            }
            tokio::task::yield_now().await;
        }
    };
    let again = tokio::time::timeout(LONG, again).await.unwrap();
    assert_eq!(Some(again), written);
    workers.stop(LONG).await.unwrap();
}

#[tokio::test]
async fn a_write_that_postgres_lost_is_done_again() {
    let database = TempDatabase::new().await;
    let app = App::connect(&database.url(), domain()).await.unwrap();
    is_written_again(app, async || {
        let mut connection: PgConnection = database.connect().await.unwrap();
        let lost = "BEGIN; UPDATE intent.workers SET cursor = 'start' WHERE name = 'balance__1_1';
                    DELETE FROM intent_read.balance__1_1; COMMIT";
        sqlx::raw_sql(lost).execute(&mut connection).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_write_that_sqlite_lost_is_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("events.db").display());
    let app = App::connect(&url, domain()).await.unwrap();
    is_written_again(app, async || {
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let lost =
            "BEGIN IMMEDIATE; UPDATE intent_workers SET cursor = 'start' WHERE name = 'balance__1_1';
                    DELETE FROM intent_read_balance__1_1; COMMIT";
        sqlx::raw_sql(lost).execute(&mut connection).await.unwrap();
    })
    .await;
}
