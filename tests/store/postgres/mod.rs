//! The Postgres store keeps the contract, on a real server.

mod begun;
mod builds;
mod cancelled;
mod catching_up;
mod connections;
mod follow;
mod forgotten;
mod health;
mod isolation;
mod joined;
mod lanes;
mod lent;
mod levels;
mod logging_in;
mod lost_answer;
mod missing;
pub mod mistakes;
mod parts;
mod plans;
mod pooler;
mod races;
mod refusals;
mod replica;
mod restore;
mod rights;
pub mod roles;
mod settings;
mod storm;
mod survival;
mod waiting;
mod waking;
mod work;

use std::sync::Arc;

use intent_runtime::store::conformance::{Subject, durability};

use self::roles::Roles;

// As an application with no more rights than it needs, row-level security in force.
intent_runtime::store_conformance!(async {
    let roles = Roles::new().await;
    roles
        .run(&format!("SELECT intent.grant_worker('{}')", roles.app))
        .await;
    (roles.open(&roles.app).await.unwrap(), roles)
});

/// The same on another major version than the system's, all on one server.
mod on_postgres_18 {
    use intent_tests::postgres::{Binaries, Cluster, Options};
    use tokio::sync::OnceCell;

    use super::Roles;

    pub async fn roles() -> Roles {
        static SERVER: OnceCell<Cluster> = OnceCell::const_new();
        let options = || Options::fast().binaries(Binaries::of(18));
        let cluster = SERVER.get_or_init(|| Cluster::start(options())).await;
        assert_eq!(cluster.major(), 18);
        Roles::on(cluster.server()).await
    }

    intent_runtime::store_conformance!(async {
        let roles = roles().await;
        roles
            .run(&format!("SELECT intent.grant_worker('{}')", roles.app))
            .await;
        (roles.open(&roles.app).await.unwrap(), roles)
    });
}

#[tokio::test]
async fn a_restart_finds_everything() {
    let roles = Roles::new().await;
    let open = async || Arc::new(roles.open(&roles.app).await.unwrap()) as Subject;
    durability::a_restart_finds_everything(open).await;
}
