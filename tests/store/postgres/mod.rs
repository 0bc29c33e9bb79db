//! The Postgres store keeps the contract, on a real server.

use intent_runtime::PgStore;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

intent_runtime::store_conformance!(open());

async fn open() -> (PgStore, ()) {
    let admin = std::env::var("INTENT_TEST_POSTGRES").unwrap();
    let mut connection = PgConnection::connect(&admin).await.unwrap();
    let name = format!("t{}", uuid::Uuid::now_v7().simple());
    sqlx::query(AssertSqlSafe(format!("create database {name} owner app")))
        .execute(&mut connection)
        .await
        .unwrap();
    let url = format!("postgres://app@127.0.0.1:55440/{name}");
    (PgStore::connect(&url).await.unwrap(), ())
}
