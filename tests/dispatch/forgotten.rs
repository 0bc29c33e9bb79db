//! Futures that are begun, kept, and no longer polled.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use tokio::time::timeout;

use super::{
    domain::*,
    fixture::{on_every_store, opened},
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
