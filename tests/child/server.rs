//! Starts a Postgres server, says where it is, and waits to be killed.

use std::io::Write;

use intent_tests::postgres::{Cluster, Options};

/// In the state `down` the server is killed first.
pub async fn run(state: &str) {
    let cluster = Cluster::start(Options::fast()).await;
    let line = format!(
        "{} {}\n",
        cluster.superuser_url(),
        cluster.directory().display()
    );
    match state {
        "up" => {}
        "down" => cluster.kill_9().await,
        _ => panic!("what state is this: {state}"),
    }
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    std::future::pending::<()>().await;
}
