//! R2: while two builds run, no event is passed that only one of them knows.

use intent_runtime::{Activity, Workers, prelude::*};

use super::{domain::*, fixture::on_every_store};

/// The model of an earlier build, which did not hear of names.
#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "people", created_by(Opened), events(Paid))]
struct Earlier {
    #[key]
    account: Id<Account>,
    #[on(Paid += 1)]
    payments: i64,
    name: Option<String>,
}

#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "people", created_by(Opened), events(Paid, Named))]
struct Later {
    #[key]
    account: Id<Account>,
    #[on(Paid += 1)]
    payments: i64,
    #[on(Named = |e| Some(e.name.clone()))]
    name: Option<String>,
}

fn earlier() -> Domain {
    Domain::of::<Account>().read_model::<Earlier>()
}

async fn later(app: &App) -> App {
    let domain = Domain::of::<Account>().read_model::<Later>();
    App::on(app, domain).await.unwrap()
}

/// Waits until the one worker fails, and returns why.
async fn failing(workers: &Workers) -> String {
    loop {
        let (_, status) = workers.status().next().unwrap();
        if let Activity::Failing(reason) = status.activity {
            return reason;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_event_more_is_heard_if_none_was_passed_and_an_earlier_build_stays_away() {
    on_every_store(earlier, async |app| {
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        pay(&app, id, 1).await;
        app.settled(LONG).await.unwrap();
        workers.stop(LONG).await.unwrap();

        let next = later(&app).await;
        let newer = next.start().await.unwrap();
        let name = "Ada".to_owned();
        let receipt = next.send(Rename { id, name }).await.unwrap();
        next.wait_for::<Later>(&receipt, LONG).await.unwrap();
        newer.stop(LONG).await.unwrap();

        // The earlier build would pass the next name.
        let workers = app.start().await.unwrap();
        let reason = failing(&workers).await;
        assert!(
            reason.contains("does not hear, such as `Account/Named`"),
            "{reason}"
        );
        let name = "Eve".to_owned();
        let receipt = next.send(Rename { id, name }).await.unwrap();
        let newer = next.start().await.unwrap();
        next.wait_for::<Later>(&receipt, LONG).await.unwrap();
        let row = next.read::<Later>().get(id).await.unwrap().unwrap();
        assert_eq!((row.payments, row.name.as_deref()), (1, Some("Eve")));
        newer.stop(LONG).await.unwrap();
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_event_more_that_was_passed_is_told() {
    on_every_store(earlier, async |app| {
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        let name = "Ada".to_owned();
        app.send(Rename { id, name }).await.unwrap();
        pay(&app, id, 1).await;
        app.settled(LONG).await.unwrap();
        workers.stop(LONG).await.unwrap();

        let newer = later(&app).await.start().await.unwrap();
        let reason = failing(&newer).await;
        assert!(
            reason.contains("passed events that this build hears, such as `Named of Account`"),
            "{reason}"
        );
        newer.stop(LONG).await.unwrap();
    })
    .await;
}
