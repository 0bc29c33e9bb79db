//! Futures that are begun, kept, and no longer polled.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use futures_util::future::join_all;
use intent_runtime::SendOptions;
use tokio::time::timeout;

use super::{
    domain::*,
    fixture::{Fault, Interposed, on_every_store, opened, registered},
};

/// How long is waited for what would otherwise hang.
const SOON: Duration = Duration::from_secs(20);

/// As in a loop that selects: the one command is under way while the loop's body sends the other.
#[tokio::test]
async fn a_command_that_is_begun_and_not_polled_holds_up_no_other() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let deposit = || app.send(Deposit { id, amount: 1 });
        let mut kept = pin!(deposit());
        let done = poll_fn(|context| match kept.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => Poll::Ready(None),
        });
        let done = done.await;
        for _ in 0..2 {
            let sent = timeout(SOON, deposit()).await;
            sent.expect("it is held up").unwrap();
        }
        match done {
            Some(done) => done.unwrap(),
            None => kept.await.unwrap(),
        };
        assert_eq!(app.load(id).await.unwrap().balance, 3);
    })
    .await;
}

/// A slow one holds the others up, which take turns: none of them meets another's append.
#[tokio::test(start_paused = true)]
async fn a_command_that_takes_long_is_waited_for() {
    const COMMANDS: usize = 20;
    let store = Interposed::default();
    let app = registered(store.clone()).await;
    let id = opened(&app).await;
    for _ in 0..COMMANDS {
        store.next(Fault::Slow(Duration::from_secs(25)));
    }
    let once = || app.send_with(Deposit { id, amount: 1 }, SendOptions::new().retries(0));
    for sent in join_all((0..COMMANDS).map(|_| once())).await {
        sent.unwrap();
    }
    assert_eq!(app.load(id).await.unwrap().balance, 20);
}
