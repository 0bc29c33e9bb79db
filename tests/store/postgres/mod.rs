//! The Postgres store keeps the contract, on a real server.

mod mistakes;
mod races;
mod refusals;
mod rights;
pub mod roles;
mod storm;
mod survival;

use std::sync::Arc;

use intent_runtime::store::conformance::{Subject, durability};

use self::roles::Roles;

// As an application with no more rights than it needs, row-level security in force.
intent_runtime::store_conformance!(async {
    let roles = Roles::new().await;
    roles
        .run(&format!("SELECT intent.grant_reader('{}')", roles.app))
        .await;
    (roles.open(&roles.app).await.unwrap(), roles)
});

#[tokio::test]
async fn a_restart_finds_everything() {
    let roles = Roles::new().await;
    let open = async || Arc::new(roles.open(&roles.app).await.unwrap()) as Subject;
    durability::a_restart_finds_everything(open).await;
}
