//! Appends within a user's transaction that are cancelled at any point.

use std::{
    future::poll_fn,
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
    task::Poll,
};

use intent_runtime::{
    PgStore, Timestamp, Version,
    store::AsOfTime,
    store::{Log, StreamId},
};
use intent_tests::postgres::Proxy;
use sqlx::{PgPool, PgTransaction, query, query_scalar};

use super::roles::Roles;
use crate::store::appending::{append, stream};

/// When a future is dropped.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// Right after this many polls.
    After(usize),
    /// When it would be polled again after this many polls.
    Woken(usize),
}

/// Polls a future until it is dropped. `None` when it was.
async fn cancelled<T>(work: impl Future<Output = T>, cut: Cut) -> Option<T> {
    let (mut work, mut polls) = (pin!(work), 0);
    poll_fn(|context| {
        let (Cut::After(most) | Cut::Woken(most)) = cut;
        if polls == most {
            return Poll::Ready(None);
        }
        polls += 1;
        match work.as_mut().poll(context) {
            Poll::Pending if matches!(cut, Cut::After(_)) && polls == most => Poll::Ready(None),
            polled => polled.map(Some),
        }
    })
    .await
}

/// A table of the user's own beside the events, and a store whose server's answers arrive message by message.
struct Shop {
    roles: Roles,
    store: PgStore,
    pool: PgPool,
    _proxy: Proxy,
}

impl Shop {
    async fn new() -> Self {
        let roles = Roles::new().await;
        let table = "CREATE TABLE stock (n int); GRANT ALL ON stock TO";
        roles.run(&format!("{table} {}", roles.app)).await;
        let proxy = Proxy::start(roles.server()).await;
        let store = roles.open_through(proxy.server(), &roles.app).await;
        Self {
            store: store.unwrap(),
            pool: roles.pool(&roles.app).await,
            roles,
            _proxy: proxy,
        }
    }

    async fn stock(&self) -> Vec<i32> {
        let stock = query_scalar("SELECT n FROM stock ORDER BY n");
        stock.fetch_all(&self.pool).await.unwrap()
    }

    async fn version(&self, stream: &StreamId) -> Version {
        let now = AsOfTime::Recorded(Timestamp::now());
        self.store.version_as_of(stream, now).await.unwrap()
    }

    /// Cancels an append after a row of the user's, who goes on with another or commits at once. Says whether it was done
    /// before, and whether what the user did next went well.
    async fn cancel(&self, stream: &StreamId, cut: Cut, goes_on: bool) -> (bool, bool) {
        let before = self.version(stream).await;
        self.roles.run("TRUNCATE stock").await;
        let mut transaction = self.store.pool().begin().await.unwrap();
        let set = query("SET LOCAL lock_timeout = '1ms'");
        set.execute(&mut *transaction).await.unwrap();
        assert!(row(&mut transaction, 1).await);
        let appending = self.store.append_in(&mut transaction, append(stream, 1));
        let done = cancelled(appending, cut).await.is_some();
        let mut well = !goes_on || row(&mut transaction, 2).await;
        if well && goes_on {
            assert_eq!(
                seen(&mut transaction).await,
                0,
                "{cut:?}: no tenant is named"
            );
        }
        assert_eq!(
            self.stock().await,
            [0; 0],
            "{cut:?}: nothing commits itself"
        );
        assert_eq!(self.version(stream).await, before, "{cut:?}");
        if well {
            well = transaction.commit().await.is_ok();
        } else {
            transaction.rollback().await.unwrap();
        }
        let expected: &[i32] = match (well, goes_on) {
            (true, true) => &[1, 2],
            (true, false) => &[1],
            (false, _) => &[],
        };
        assert_eq!(self.stock().await, expected, "{cut:?}");
        (done, well)
    }
}

async fn row(transaction: &mut PgTransaction<'_>, n: i32) -> bool {
    let row = query("INSERT INTO stock VALUES ($1)").bind(n);
    row.execute(&mut **transaction).await.is_ok()
}

/// How many events SQL sees that names no tenant.
async fn seen(transaction: &mut PgTransaction<'_>) -> i64 {
    let seen = query_scalar("SELECT count(*) FROM intent.events");
    seen.fetch_one(&mut **transaction).await.unwrap()
}

/// Every way to drop a future, until one of each kind lets it finish.
async fn every_way(mut is_done: impl AsyncFnMut(Cut, bool) -> bool) {
    for way in [Cut::After, Cut::Woken] {
        for goes_on in [true, false] {
            let mut polls = 0;
            while !is_done(way(polls), goes_on).await {
                polls += 1;
            }
            assert!(polls > 3, "it was cancelled in the middle too");
        }
    }
}

#[tokio::test]
async fn a_cancelled_append_takes_nothing_from_its_transaction() {
    let shop = Shop::new().await;
    every_way(async |cut, goes_on| {
        let (done, well) = shop.cancel(&stream(), cut, goes_on).await;
        assert!(well, "{cut:?}");
        done
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_append_that_fails_is_reported_or_undone() {
    let shop = Shop::new().await;
    let locked = stream();
    let mut ahead = shop.store.pool().begin().await.unwrap();
    let joined = shop.store.append_in(&mut ahead, append(&locked, 1)).await;
    joined.unwrap();
    let refused = AtomicUsize::new(0);
    for _ in 0..5 {
        every_way(async |cut, goes_on| {
            let (done, well) = shop.cancel(&locked, cut, goes_on).await;
            if !well {
                refused.fetch_add(1, Ordering::Relaxed);
            }
            assert!(!done || well, "{cut:?}: an error leaves it sound");
            done
        })
        .await;
    }
    assert!(refused.into_inner() > 0, "it failed while it was cancelled");
}
