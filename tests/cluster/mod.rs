//! Tests of the library that starts real Postgres servers for the other tests.

mod bouncer;
mod databases;
mod lifecycle;
mod proxy;
mod supervision;

use sqlx::{Connection, PgConnection};

/// A table of lines, to see what a server kept.
const TABLE: &str = "CREATE TABLE lines (line text PRIMARY KEY)";

async fn lines(url: &str) -> Vec<String> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let lines = sqlx::query_scalar("SELECT line FROM lines ORDER BY line")
        .fetch_all(&mut connection)
        .await;
    connection.close().await.unwrap();
    lines.unwrap()
}
