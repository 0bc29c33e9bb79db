//! R1, R2: the server is killed, or is down for a while, and the workers go on by themselves.

use intent_runtime::{PgStore, prelude::*};
use intent_tests::postgres::{Cluster, Options};
use tokio::time::timeout;

use super::{
    super::{
        bank::{Bank, SHORT, soaks},
        domain::*,
        fixture::failing,
    },
    store::{Call, Moment, Reach, Stepped, Steps, all},
};

/// A build begins without rows, so none are loaded while it is made.
fn phases() -> Vec<(Call, Moment)> {
    all().filter(|(call, _)| *call != Call::Load).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_killed_in_each_phase_loses_and_doubles_nothing() {
    let kills = if soaks() { 120 } else { 20 };
    let cluster = Cluster::start(Options::fast()).await;
    let url = cluster.superuser_url();
    let mut bank = Bank::of(App::connect(&url, domain()).await.unwrap(), 3).await;
    let steps = Steps::default();
    let store = Stepped::around(PgStore::connect(&url).await.unwrap(), &steps);
    let runner = App::on(store, domain()).await.unwrap();
    // They live through it all.
    let workers = runner.start_with(SHORT).await.unwrap();
    bank.pays().await;
    bank.is_counted().await;
    for (kill, step) in phases().into_iter().cycle().take(kills).enumerate() {
        steps.aim(step, 1, Reach::Call);
        bank.rebuilds().await;
        bank.pays().await;
        let reached = timeout(LONG, steps.reached()).await;
        assert!(reached.is_ok(), "{step:?} is not reached");
        cluster.kill_9().await;
        if kill % 2 == 0 {
            // The worker meets a server that is gone, or else one that has just come back.
            steps.let_go();
            failing(&workers).await;
        }
        cluster.restart().await;
        steps.let_go();
        bank.pays().await;
        bank.is_counted().await;
    }
    bank.tells(&format!("{kills} kills of the server, in each phase"));
    workers.stop(LONG).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_go_on_when_the_database_was_down_for_a_while() {
    let looks = if soaks() { 1_200 } else { 60 };
    let cluster = Cluster::start(Options::fast()).await;
    let url = cluster.superuser_url();
    let mut bank = Bank::of(App::connect(&url, domain()).await.unwrap(), 3).await;
    let steps = Steps::default();
    let store = Stepped::around(PgStore::connect(&url).await.unwrap(), &steps);
    let runner = App::on(store, domain()).await.unwrap();
    let workers = runner.start_with(SHORT).await.unwrap();
    bank.pays().await;
    bank.is_counted().await;
    cluster.stop().await;
    let reason = failing(&workers).await;
    assert!(reason.contains("onnect"), "{reason}");
    // Several tries of each worker, each after a longer pause.
    steps.aim((Call::Look, Moment::Before), looks, Reach::Call);
    steps.reached().await;
    steps.let_go();
    failing(&workers).await;
    cluster.restart().await;
    bank.pays().await;
    bank.is_counted().await;
    bank.tells(&format!(
        "a database that was down while workers looked {looks} times"
    ));
    workers.stop(LONG).await.unwrap();
}
