//! Many at once: nothing lost, nothing doubled.

use std::borrow::Cow;

use intent_runtime::{
    App,
    prelude::*,
    store::{Append, EncodedMetadata, Expect, NewEvent},
};
use tokio::task::JoinSet;

use super::{
    domain::*,
    fixture::{Fault, Interposed, domain, on_every_store, opened, registered, stream},
};

/// What another process would append to an account at this version.
pub fn deposit_after(id: Id<Account>, version: u64) -> Append {
    let deposited = Deposited {
        amount: 100,
        channel: "elsewhere".into(),
    };
    Append::new(
        stream(id),
        Expect::Version(Version::new(version)),
        CommandId::new(),
        vec![NewEvent::new(
            Cow::Borrowed(Deposited::NAME),
            Deposited::VERSION,
            serde_json::value::to_raw_value(&deposited).unwrap(),
        )],
        EncodedMetadata::new(Metadata::new()).unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racers_lose_and_double_nothing() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        // Two apps on one store share nothing but the store: their commands conflict and are decided again.
        let apps = [app.clone(), registered(&app).await];
        let mut racers = JoinSet::new();
        for racer in 0..20 {
            let app = apps[racer % 2].clone();
            racers.spawn(async move {
                for _ in 0..10 {
                    let options = SendOptions::new().retries(1_000);
                    app.send_with(Deposit { id, amount: 1 }, options)
                        .await
                        .unwrap();
                }
            });
        }
        while let Some(done) = racers.join_next().await {
            done.unwrap();
        }
        let account = app.load(id).await.unwrap();
        assert_eq!(
            (account.balance, account.version()),
            (200, Version::new(201))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racers_never_overdraw() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        app.send(Deposit { id, amount: 10 }).await.unwrap();
        let apps = [
            app.clone(),
            App::on(&app, domain()).cache_bytes(0).await.unwrap(),
        ];
        let mut racers = JoinSet::new();
        for racer in 0..30 {
            let app = apps[racer % 2].clone();
            racers.spawn(async move {
                let options = SendOptions::new().retries(1_000);
                let sent = app.send_with(Withdraw { id, amount: 1 }, options).await;
                match sent {
                    Ok(_) => true,
                    Err(SendError::Rejected(Overdrawn { .. })) => false,
                    Err(other) => panic!("{other:?}"),
                }
            });
        }
        let won = racers
            .join_all()
            .await
            .into_iter()
            .filter(|won| *won)
            .count();
        assert_eq!(won, 10, "as many as the balance covers");
        assert_eq!(app.load(id).await.unwrap().balance, 0);
    })
    .await;
}

#[tokio::test]
async fn a_conflict_is_decided_again_as_often_as_asked() {
    let store = Interposed::default();
    let app = registered(store.clone()).await;
    let id = opened(&app).await;
    // The cached state is out of date, so it does not count. Then the newest state is out of date too.
    store.next(Fault::Overtaken(Box::new(deposit_after(id, 1))));
    store.next(Fault::Overtaken(Box::new(deposit_after(id, 2))));
    let error = app
        .send_with(Deposit { id, amount: 1 }, SendOptions::new().retries(0))
        .await
        .unwrap_err();
    let text = format!("Account {id} is at version 3, the command expected version 2");
    assert_eq!(error.to_string(), text);

    store.next(Fault::Overtaken(Box::new(deposit_after(id, 3))));
    store.next(Fault::Overtaken(Box::new(deposit_after(id, 4))));
    let receipt = app
        .send_with(Deposit { id, amount: 1 }, SendOptions::new().retries(2))
        .await
        .unwrap();
    assert_eq!(receipt.version, Version::new(6));
    assert_eq!(app.load(id).await.unwrap().balance, 401);
}

#[tokio::test]
async fn a_cancelled_command_leaves_everything_sound() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        for polls in 0..12 {
            let mut sending = Box::pin(app.send(Deposit { id, amount: 1 }));
            for _ in 0..polls {
                if futures_poll(sending.as_mut()).await {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(sending);
            app.send(Deposit { id, amount: 1 }).await.unwrap();
        }
        let account = app.load(id).await.unwrap();
        let history = app.history(id).await.unwrap();
        assert_eq!(account.version().get() as usize, history.len());
        assert_eq!(account.balance as usize, history.len() - 1);
        assert!(account.balance >= 12);
    })
    .await;
}

/// Polls a future once, and returns whether it is done.
async fn futures_poll(mut future: std::pin::Pin<&mut (impl Future + ?Sized)>) -> bool {
    std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context).is_ready()))
        .await
}
