//! Kept aggregates make a command faster and never different.

use std::sync::atomic::Ordering;

use intent_runtime::{App, prelude::*};

use super::{
    domain::*,
    fixture::{Fault, Interposed, domain, on_every_store, opened, registered},
};

#[tokio::test]
async fn a_creation_reads_nothing() {
    let store = Interposed::default();
    let app = registered(store.clone()).await;
    let id = opened(&app).await;
    assert_eq!(store.reads.load(Ordering::Relaxed), 0);
    assert_eq!(app.load(id).await.unwrap().owner, "Ada");
}

#[tokio::test]
async fn what_exists_already_turns_a_creation_away() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        app.send(Deposit { id, amount: 5 }).await.unwrap();
        // Another process that has not seen the change decides without looking at the store.
        let other = registered(&app).await;
        for retries in [0, 3] {
            let open = Open {
                id,
                owner: "Eve".into(),
            };
            let options = SendOptions::new().retries(retries);
            let error = other.send_with(open, options).await.unwrap_err();
            let exists = matches!(error, SendError::AlreadyExists { .. });
            assert!(exists, "whether or not conflicts are retried: {error:?}");
        }
        // A command that could not be stored in any case gets the same error.
        let broken = OpenWithoutEvent { id, amount: 1 };
        let error = other.send(broken).await.unwrap_err();
        assert!(
            matches!(error, SendError::AlreadyExists { .. }),
            "{error:?}"
        );
        let account = other.load(id).await.unwrap();
        assert_eq!((account.version().get(), &*account.owner), (2, "Ada"));
    })
    .await;
}

#[tokio::test]
async fn a_hot_command_reads_nothing() {
    let store = Interposed::default();
    let app = registered(store.clone()).await;
    let id = opened(&app).await;
    let before = store.reads.load(Ordering::Relaxed);
    for _ in 0..5 {
        app.send(Deposit { id, amount: 1 }).await.unwrap();
    }
    assert_eq!(store.reads.load(Ordering::Relaxed), before);
    assert_eq!(app.load(id).await.unwrap().balance, 5);
}

#[tokio::test]
async fn without_a_cache_everything_is_the_same() {
    on_every_store(async |app| {
        let app = App::on(&app, domain()).cache_bytes(0).await.unwrap();
        let id = opened(&app).await;
        for amount in 1..=25 {
            app.send(Deposit { id, amount }).await.unwrap();
        }
        assert_eq!(app.load(id).await.unwrap().balance, 325);
    })
    .await;
}

#[tokio::test]
async fn only_the_newest_state_turns_a_command_away() {
    on_every_store(async |app| {
        // The same store as another process sees it: with a cache of its own.
        let other = registered(&app).await;
        let id = opened(&app).await;
        other.send(Deposit { id, amount: 5 }).await.unwrap();
        app.send(Withdraw { id, amount: 5 })
            .await
            .expect("the other process's deposit counts");
        let error = other.send(Withdraw { id, amount: 1 }).await.unwrap_err();
        assert!(
            matches!(error, SendError::Rejected(Overdrawn { balance: 0, .. })),
            "{error:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_repeated_decision_is_the_same_decision() {
    let store = Interposed::default();
    let app = registered(store.clone()).await;
    let id = opened(&app).await;
    let command_id = CommandId::new();
    let expected = Context::new()
        .with_command_id(command_id)
        .new_id::<Account>();
    let other = registered(Interposed::default()).await;
    other
        .send_with(
            Open {
                id,
                owner: "Ada".into(),
            },
            SendOptions::new(),
        )
        .await
        .unwrap();

    store.next(Fault::Overtaken(Box::new(super::races::deposit_after(
        id, 1,
    ))));
    let receipt = app
        .send_with(Fork { id }, SendOptions::new().command_id(command_id))
        .await
        .unwrap();
    assert_eq!(
        receipt.version,
        Version::new(3),
        "it was decided again after the other's event"
    );
    assert!(
        matches!(&receipt.events[..], [AccountEvent::Forked(Forked { id, .. })] if *id == expected)
    );
}
