//! The time that an app goes by.

use std::time::Duration;

use intent_runtime::{
    App, Metadata, SendOptions, prelude::*, store::MemoryStore, testing::FixedClock,
};

use super::{
    domain::*,
    fixture::{domain, on_store_of_each_kind, opened},
};

fn noon() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn decisions_go_by_the_clock_on_every_store() {
    on_store_of_each_kind(domain, async |app| {
        let clock = FixedClock::at(noon());
        let app = App::on(&app, domain()).clock(clock.clone()).await.unwrap();
        let id = opened(&app).await;
        clock.advance(Duration::from_secs(60));
        app.send(Fork { id }).await.unwrap();
        let history = app.history(id).await.unwrap();
        assert_eq!(history[0].occurred_at(), noon());
        let later = noon().saturating_add(Duration::from_secs(60));
        assert_eq!(history[1].occurred_at(), later);
        let AccountEvent::Forked(forked) = &history[1].event else {
            panic!("{history:?}")
        };
        assert_eq!(forked.at, later, "what the decision saw");

        // A time that the caller gives has priority.
        let told = Metadata::new().timestamp(Timestamp::MIN);
        let options = SendOptions::new().metadata(told);
        app.send_with(Deposit { id, amount: 1 }, options)
            .await
            .unwrap();
        let history = app.history(id).await.unwrap();
        assert_eq!(history[2].occurred_at(), Timestamp::MIN);
    })
    .await;
}

#[tokio::test]
async fn a_store_in_memory_records_by_the_clock_too() {
    let clock = FixedClock::at(noon());
    let connected = App::connect("memory:", domain()).clock(clock.clone());
    let own = App::on(MemoryStore::with_clock(clock.clone()), domain()).clock(clock.clone());
    for app in [connected.await.unwrap(), own.await.unwrap()] {
        clock.set(noon());
        let id = opened(&app).await;
        clock.advance(Duration::from_secs(1));
        app.send(Deposit { id, amount: 1 }).await.unwrap();
        let then = app.load_as_of(id, AsOf::Recorded(noon())).await.unwrap();
        assert_eq!(then.version(), Version::FIRST);
    }
}

#[tokio::test]
async fn another_app_on_a_store_has_its_clock() {
    let clock = FixedClock::at(noon());
    let first = App::connect("memory:", domain())
        .clock(clock)
        .await
        .unwrap();
    let second = App::on(&first, domain()).await.unwrap();
    let id = opened(&second).await;
    let history = second.history(id).await.unwrap();
    assert_eq!(history[0].recorded_at(), noon());
    assert_eq!(history[0].occurred_at(), noon());
}
