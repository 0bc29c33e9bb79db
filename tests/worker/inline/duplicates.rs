//! What an older build stored may break what is unique: the worker holds the tenant back, and names both rows.

use intent_runtime::{WaitError, prelude::*};

use super::{
    super::{domain::LONG, fixture::on_every_store},
    domain::*,
};

#[tokio::test]
async fn duplicates_of_an_older_build_hold_the_tenant_back_and_are_named() {
    on_every_store(domain, async |app| {
        let older = App::on(&app, without_models()).await.unwrap();
        let ada = registered(&app, "ada@example.org").await;
        let bo = registered(&older, "ada@example.org").await;
        let other = older.tenant(TenantId::new());
        let cy = registered(&other, "ada@example.org").await;
        let last = older.send(Visit { id: bo, pages: 1 }).await.unwrap();

        let workers = app.start().await.unwrap();
        let held = app.wait_for::<Listed>(&last, LONG).await.unwrap_err();
        let WaitError::HeldBack { reason, .. } = held else {
            panic!("{held}")
        };
        for id in [ada, bo] {
            assert!(reason.contains(&id.to_string()), "{reason}");
        }
        assert!(reason.contains("`email`"), "{reason}");
        // The other tenant goes on.
        let other = app.tenant(other.id());
        assert_eq!(listed(&other, cy).await.unwrap().email, "ada@example.org");
        workers.stop(LONG).await.unwrap();

        // One of them takes another value, and the rest follows.
        let email = "countess@example.org".to_owned();
        app.send(Address { id: ada, email }).await.unwrap();
        let workers = app.start().await.unwrap();
        while let Err(error) = app.wait_for::<Listed>(&last, LONG).await {
            // It is tried when the others are as far as the log.
            assert!(matches!(error, WaitError::HeldBack { .. }), "{error:?}");
            tokio::task::yield_now().await;
        }
        assert_eq!(listed(&app, bo).await.unwrap().pages, 1);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_value_passes_from_row_to_row() {
    on_every_store(domain, async |app| {
        let older = App::on(&app, without_models()).await.unwrap();
        let [a, b] = ["a@example.org", "b@example.org"];
        let ada = registered(&app, a).await;
        let bo = registered(&app, b).await;
        for (id, email) in [(ada, "c@example.org"), (bo, a), (ada, b)] {
            let email = email.to_owned();
            older.send(Address { id, email }).await.unwrap();
        }
        let workers = app.start().await.unwrap();
        app.settled(LONG).await.unwrap();
        assert_eq!(listed(&app, ada).await.unwrap().email, b);
        assert_eq!(listed(&app, bo).await.unwrap().email, a);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_value_that_a_row_had_only_for_a_while_is_no_duplicate() {
    on_every_store(domain, async |app| {
        let older = App::on(&app, without_models()).await.unwrap();
        let [a, b, c] = ["a@example.org", "b@example.org", "c@example.org"];
        // The rows of these two are not written. One has had a value, and the other one has had that of the first after it.
        let bo = registered(&older, a).await;
        let cy = registered(&older, b).await;
        for (id, email) in [(cy, c), (bo, b)] {
            let email = email.to_owned();
            older.send(Address { id, email }).await.unwrap();
        }
        // Its row is written with its command.
        let ada = registered(&app, a).await;
        // Something that is wrong indeed lets the worker write event by event.
        let other = app.tenant(TenantId::new());
        let older_there = older.tenant(other.id());
        registered(&other, a).await;
        registered(&older_there, a).await;
        let last = older.send(Visit { id: bo, pages: 1 }).await.unwrap();

        let workers = app.start().await.unwrap();
        app.wait_for::<Listed>(&last, LONG).await.unwrap();
        for (id, email) in [(ada, a), (bo, b), (cy, c)] {
            assert_eq!(listed(&app, id).await.unwrap().email, email);
        }
        assert_eq!(listed(&app, bo).await.unwrap().pages, 1);
        let status = workers.status().find(|(name, _)| name.model == "customers");
        assert_eq!(status.unwrap().1.parked, 1, "the other tenant is held back");
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn duplicates_that_are_mended_by_now_hold_nobody_back() {
    on_every_store(domain, async |app| {
        let older = App::on(&app, without_models()).await.unwrap();
        let [a, b, c] = ["a@example.org", "b@example.org", "c@example.org"];
        let ada = registered(&app, a).await;
        let bo = registered(&app, b).await;
        let cy = registered(&older, a).await;
        // They exchange their values, which nobody who knows the model could have done.
        for (id, email) in [(ada, b), (bo, c), (cy, a)] {
            let email = email.to_owned();
            older.send(Address { id, email }).await.unwrap();
        }
        let other = app.tenant(TenantId::new());
        registered(&other, a).await;
        let last = registered(&older.tenant(other.id()), a).await;

        let workers = app.start().await.unwrap();
        while workers.status().all(|(_, status)| status.parked == 0) {
            tokio::task::yield_now().await;
        }
        // The workers are as far as the last event, which holds back the other tenant.
        let last = app.tenant(other.id()).history(last).await.unwrap()[0].id();
        app.skip::<Listed>(last, "registered twice").await.unwrap();
        app.settled(LONG).await.unwrap();
        for (id, email) in [(ada, b), (bo, c), (cy, a)] {
            assert_eq!(listed(&app, id).await.unwrap().email, email);
        }
        workers.stop(LONG).await.unwrap();
    })
    .await;
}
