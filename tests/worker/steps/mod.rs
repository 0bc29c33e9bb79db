//! R1, R2: a worker stops at every step between asking for its lease and knowing that its rows are published. For ever, as a
//! process that is killed; or until another one has done its work, as a process that was stopped for too long.

mod server;
pub mod store;

use intent_runtime::prelude::*;
use intent_tests::postgres::TempDatabase;
use tokio::{select, task::JoinHandle};

use self::store::{Call, Reach, Stepped, Steps, all};
use super::{
    bank::{Bank, SHORT, soaks},
    domain::*,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    IsKilled,
    WakesUp,
}

/// A process, as far as its workers and the store know. When the task is aborted, it is gone.
fn process(app: &App, steps: &Steps) -> JoinHandle<()> {
    let store = Stepped::around(app, steps);
    tokio::spawn(async move {
        let app = App::on(store, domain()).await.unwrap();
        let _workers = app.start_with(SHORT).await.unwrap();
        std::future::pending::<()>().await;
    })
}

/// Pays a few times, and lets the process count each time. `false` if it did so without coming to the step.
async fn comes_to(bank: &mut Bank, steps: &Steps) -> bool {
    for _ in 0..3 {
        bank.pays().await;
        select! {
            () = steps.reached() => return true,
            () = bank.is_counted() => {}
        }
    }
    false
}

/// Stops a process at each step when it is seen for the first time, the second, and so on. Returns how often one stopped.
async fn stopped_everywhere(url: &str, then: Then) -> usize {
    let most = if soaks() { 12 } else { 3 };
    let mut bank = Bank::of(App::connect(url, domain()).await.unwrap(), 3).await;
    let mut stops = 0;
    for step in all() {
        for nth in 1..=most {
            let steps = Steps::default();
            steps.aim(step, nth, Reach::Process);
            // What is only seen where a build is made, and every other time the rest too.
            if matches!(step.0, Call::Hear | Call::Begin | Call::Publish) || nth % 2 == 0 {
                bank.rebuilds().await;
            }
            let process = process(&bank.app, &steps);
            let is_reached = comes_to(&mut bank, &steps).await;
            if then == Then::IsKilled {
                process.abort();
            }
            let workers = bank.app.start_with(SHORT).await.unwrap();
            bank.pays().await;
            bank.is_counted().await;
            if then == Then::WakesUp {
                // It goes on with what it was about to do, or believes that it did not do it.
                steps.let_go();
                bank.pays().await;
                bank.is_counted().await;
                // And then it does the work again.
                workers.stop(LONG).await.unwrap();
                bank.pays().await;
                bank.is_counted().await;
                process.abort();
            } else {
                workers.stop(LONG).await.unwrap();
            }
            let _ = process.await;
            stops += usize::from(is_reached);
            if !is_reached {
                assert!(nth > 1, "{step:?} is never reached");
                break;
            }
        }
    }
    bank.tells(&format!("{stops} stops, each at another step, {then:?}"));
    bank.app.close().await.unwrap();
    stops
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_at_any_step_on_sqlite_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("events.db").display());
    assert!(stopped_everywhere(&url, Then::IsKilled).await >= 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_at_any_step_on_postgres_loses_and_doubles_nothing() {
    let database = TempDatabase::new().await;
    assert!(stopped_everywhere(&database.url(), Then::IsKilled).await >= 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_wakes_up_at_any_step_on_sqlite_writes_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("events.db").display());
    assert!(stopped_everywhere(&url, Then::WakesUp).await >= 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_wakes_up_at_any_step_on_postgres_writes_nothing_twice() {
    let database = TempDatabase::new().await;
    assert!(stopped_everywhere(&database.url(), Then::WakesUp).await >= 20);
}
