//! The Postgres store keeps the contract, on a real server.

use std::sync::Arc;

use intent_runtime::{
    PgStore,
    store::conformance::{Subject, durability},
};
use intent_tests::postgres::TempDatabase;

intent_runtime::store_conformance!(async {
    let database = TempDatabase::new().await;
    (PgStore::connect(&database.url()).await.unwrap(), database)
});

#[tokio::test]
async fn a_restart_finds_everything() {
    let database = TempDatabase::new().await;
    let open = async || Arc::new(PgStore::connect(&database.url()).await.unwrap()) as Subject;
    durability::a_restart_finds_everything(open).await;
}
