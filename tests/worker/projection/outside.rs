//! Without a transaction: a list outside of the store.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use intent_runtime::{
    Activity, BuildActivity, ModelMode, ProjectionError, WaitError, WorkerOptions, prelude::*,
};
use tokio::time::Duration;

use super::{
    super::{bank::SHORT, domain::*, fixture},
    ledger::{Ask, Heard, List, fine},
};

/// Runs a test on each store, with an app that has the list.
async fn on_every_store(ask: fn() -> Ask, test: impl AsyncFn(App, List)) {
    fixture::on_every_store(Domain::of::<Account>, async |app| {
        let list = List::asking(ask());
        let app = App::on(&app, Domain::of::<Account>()).projection(list.clone());
        test(app.await.unwrap(), list).await;
    })
    .await;
}

#[tokio::test]
async fn events_come_in_their_order_from_the_first_one_on() {
    on_every_store(fine, async |app, list| {
        let tenants = [app.tenant(TenantId::DEFAULT), app.tenant(TenantId::new())];
        let mut accounts = Vec::new();
        for tenant in &tenants {
            accounts.push(opened(tenant, "north").await);
        }
        for amount in 1..=5 {
            pay(&tenants[0], accounts[0], amount).await;
            // Nobody hears it.
            let (id, name) = (accounts[0], "Ada".to_owned());
            tenants[0].send(Rename { id, name }).await.unwrap();
        }
        let workers = app.start().await.unwrap();
        pay(&tenants[1], accounts[1], 6).await;
        app.settled(LONG).await.unwrap();
        assert_eq!(list.amounts(), [0, 0, 1, 2, 3, 4, 5, 6]);
        let receipt = pay(&tenants[1], accounts[1], 7).await;
        let waited = tenants[1].wait_for_projection::<List>(&receipt, LONG).await;
        waited.unwrap();
        assert_eq!(list.amounts().last(), Some(&7));
        workers.stop(LONG).await.unwrap();

        // Others go on where these stood.
        let app = App::on(&app, Domain::of::<Account>()).projection(list.clone());
        let app = app.await.unwrap();
        let workers = app.start().await.unwrap();
        pay(&app, accounts[0], 8).await;
        app.settled(LONG).await.unwrap();
        assert_eq!(list.amounts().len(), 10);
        let models = app.models().await.unwrap();
        assert_eq!(models.len(), 1);
        assert_eq!(models[0].mode, Some(ModelMode::Projection));
        assert_eq!(models[0].builds[0].state, BuildActivity::Published);
        assert!(
            models[0]
                .to_string()
                .starts_with("list, version 1, a projection\n")
        );
        assert_eq!(app.check().await.unwrap(), []);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

/// Fails when it is asked for the first time for a payment of 3, and panics when it is asked for the second time.
fn fails_twice() -> Ask {
    let asked = AtomicUsize::new(0);
    Arc::new(move |event| match event.amount() {
        3 => match asked.fetch_add(1, Ordering::SeqCst) {
            0 => Err(ProjectionError::new("the post office is closed")),
            1 => panic!("no stamps"),
            _ => Ok(()),
        },
        _ => Ok(()),
    })
}

#[tokio::test]
async fn after_an_error_and_a_panic_the_same_events_come_again() {
    on_every_store(fails_twice, async |app, list| {
        let id = opened(&app, "north").await;
        for amount in 1..=4 {
            pay(&app, id, amount).await;
        }
        let workers = app.start().await.unwrap();
        app.settled(LONG).await.unwrap();
        let amounts = list.amounts();
        // Nothing moved before the page was done.
        assert_eq!(amounts, [0, 1, 2, 0, 1, 2, 0, 1, 2, 3, 4]);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

fn fails_always() -> Ask {
    Arc::new(|_| Err(ProjectionError::new("the post office is closed")))
}

#[tokio::test]
async fn why_a_projection_fails_is_told() {
    on_every_store(fails_always, async |app, _| {
        let workers = app.start().await.unwrap();
        opened(&app, "north").await;
        let reason = fixture::failing(&workers).await;
        assert_eq!(reason, "the projection failed: the post office is closed");
        let failing = app.settled(Duration::from_millis(20)).await;
        let failing = failing.unwrap_err().to_string();
        assert_eq!(
            failing,
            "the worker of `list` cannot go on: the projection failed: the post office is closed"
        );
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

/// A payment of 13 can never be applied.
fn superstitious() -> Ask {
    Arc::new(|event: &Heard| match event.amount() {
        13 => Err(ProjectionError::of_event(event.id(), "13 brings bad luck")),
        _ => Ok(()),
    })
}

#[tokio::test]
async fn an_event_that_can_never_be_applied_holds_back_its_tenant_until_it_is_left_out() {
    on_every_store(superstitious, async |app, list| {
        let [good, bad] = [TenantId::new(), TenantId::new()].map(|id| app.tenant(id));
        let (of_good, of_bad) = (opened(&good, "a").await, opened(&bad, "b").await);
        pay(&bad, of_bad, 1).await;
        let thirteen = pay(&bad, of_bad, 13).await;
        pay(&bad, of_bad, 2).await;
        let after = pay(&good, of_good, 3).await;
        let workers = app.start().await.unwrap();
        let waited = good.wait_for_projection::<List>(&after, LONG).await;
        waited.unwrap();
        assert!(list.amounts().contains(&3));
        assert!(!list.amounts().contains(&2), "the tenant is held back");

        let held = bad.wait_for_projection::<List>(&thirteen, LONG).await;
        let Err(WaitError::HeldBack { event, reason, .. }) = held else {
            panic!("{held:?}");
        };
        assert_eq!(reason, "13 brings bad luck");
        let projection = app.projection::<List>();
        let skip = projection.skip(event, "we are not superstitious");
        skip.by("Ada").await.unwrap();
        app.settled(LONG).await.unwrap();
        let amounts = list.amounts();
        assert!(!amounts.contains(&13));
        assert_eq!(amounts.last(), Some(&2));
        let again = projection.skip(event, "again").await.unwrap_err();
        assert!(
            matches!(again, OperateError::NotHeldBack { .. }),
            "{again:?}"
        );
        let models = app.models().await.unwrap();
        assert_eq!(
            models[0].builds[0].skipped[0].why,
            "we are not superstitious"
        );
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_pause_is_obeyed_by_the_workers_of_another_app() {
    on_every_store(fine, async |app, list| {
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        app.settled(LONG).await.unwrap();
        let operator = App::on(&app, Domain::of::<Account>()).projection(list.clone());
        let operator = operator.await.unwrap();
        operator.projection::<List>().pause().await.unwrap();
        let receipt = pay(&app, id, 7).await;
        loop {
            let (_, status) = workers.status().next().unwrap();
            if status.activity == Activity::Paused {
                break;
            }
            tokio::task::yield_now().await;
        }
        assert_eq!(list.amounts(), [0]);
        operator.projection::<List>().resume().await.unwrap();
        let waited = app.wait_for_projection::<List>(&receipt, LONG).await;
        waited.unwrap();
        assert_eq!(list.amounts(), [0, 7]);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn of_two_processes_one_does_the_work_and_another_takes_over() {
    on_every_store(fine, async |app, list| {
        let other = App::on(&app, Domain::of::<Account>()).projection(list.clone());
        let other = other.await.unwrap();
        let lease = WorkerOptions::new().lease(Duration::from_secs(60));
        let (one, two) = (app.start_with(lease).await, other.start_with(lease).await);
        let id = opened(&app, "north").await;
        for amount in 1..=20 {
            pay(&app, id, amount).await;
        }
        app.settled(LONG).await.unwrap();
        assert_eq!(list.amounts(), (0..=20).collect::<Vec<_>>());
        one.unwrap().stop(LONG).await.unwrap();
        pay(&app, id, 21).await;
        app.settled(LONG).await.unwrap();
        assert_eq!(list.amounts(), (0..=21).collect::<Vec<_>>());
        two.unwrap().stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_was_dropped_in_the_midst_is_followed_by_one_that_does_it_again() {
    on_every_store(fine, async |app, list| {
        let id = opened(&app, "north").await;
        pay(&app, id, 1).await;
        let (stands, let_go) = (Arc::new(AtomicBool::new(false)), fine());
        let seen = Arc::clone(&stands);
        let stuck = List {
            // It is in the midst of a page when it is dropped.
            ask: Arc::new(move |_| {
                seen.store(true, Ordering::SeqCst);
                Err(ProjectionError::new("not now"))
            }),
            ..list.clone()
        };
        let first = App::on(&app, Domain::of::<Account>()).projection(stuck);
        let first = first.await.unwrap();
        let workers = first.start_with(SHORT).await.unwrap();
        while !stands.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        drop(workers);
        let list = List {
            ask: let_go,
            ..list
        };
        let second = App::on(&app, Domain::of::<Account>()).projection(list.clone());
        let second = second.await.unwrap();
        let workers = second.start().await.unwrap();
        second.settled(LONG).await.unwrap();
        assert_eq!(list.amounts(), [0, 1]);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}
