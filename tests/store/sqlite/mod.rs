mod builds;
mod crash;
mod damage;
mod directory;
mod foreign;
mod lent;
mod metadata;
mod sharing;
mod waiting;

use std::sync::Arc;

use intent_runtime::store::conformance::{Subject, durability};

use self::directory::Directory;

intent_runtime::store_conformance!(async {
    let directory = Directory::new();
    (directory.open().await, directory)
});

#[tokio::test]
async fn a_restart_finds_everything() {
    let directory = Directory::new();
    let open = async || Arc::new(directory.open().await) as Subject;
    durability::a_restart_finds_everything(open).await;
}
