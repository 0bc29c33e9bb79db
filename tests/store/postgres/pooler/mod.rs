//! Behind PgBouncer: in transaction mode the store keeps its promises, and refuses what it cannot keep.

mod crash;
mod opening;
mod sharing;

use intent_tests::postgres::{Bouncer, PoolOptions, Server};
use tokio::sync::OnceCell;

use super::roles::Roles;

/// One for all tests that need no other, in front of the server that all share. So few connections that clients meet
/// each other's.
async fn pooler() -> &'static Server {
    static POOLER: OnceCell<Bouncer> = OnceCell::const_new();
    let start = || async {
        let options = PoolOptions::transaction().size(4).ignore("");
        Bouncer::start(Server::shared().await, options).await
    };
    POOLER.get_or_init(start).await.server()
}

intent_runtime::store_conformance!(async {
    let roles = Roles::new().await;
    roles
        .run(&format!("SELECT intent.grant_worker('{}')", roles.app))
        .await;
    let store = roles.open_through(pooler().await, &roles.app).await;
    (store.unwrap(), roles)
});
