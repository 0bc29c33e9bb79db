//! Futures that are begun, kept, and no longer polled.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use futures_util::future::{join, join_all};
use intent_runtime::SendOptions;
use tokio::{
    sync::Semaphore,
    time::{advance, timeout},
};

use super::{
    domain::*,
    fixture::{Fault, Interposed, on_every_store, opened, registered},
};

/// How long is waited for what would otherwise hang.
const SOON: Duration = Duration::from_secs(20);

/// As in a loop that selects: one command is under way while the body of the loop sends the other.
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

/// A slow command makes the others wait, and they take turns. So no command meets another's append.
#[tokio::test(start_paused = true)]
async fn a_command_that_takes_long_is_waited_for() {
    const COMMANDS: usize = 20;
    let store = Interposed::default();
    let app = registered(store.clone()).await;
    let id = opened(&app).await;
    let permits = Arc::new(Semaphore::new(0));
    for _ in 0..COMMANDS {
        store.next(Fault::Held(Arc::clone(&permits)));
    }
    let once = || app.send_with(Deposit { id, amount: 1 }, SendOptions::new().retries(0));
    let sent = join_all((0..COMMANDS).map(|_| once()));
    let time = async {
        for _ in 0..COMMANDS {
            for _ in 0..25 {
                advance(Duration::from_secs(1)).await;
            }
            permits.add_permits(1);
        }
    };
    for sent in join(sent, time).await.0 {
        sent.unwrap();
    }
    assert_eq!(app.load(id).await.unwrap().balance, 20);
}
