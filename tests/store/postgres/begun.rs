//! Transactions that the store begins, on connections of its own.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use intent_runtime::{
    App, AppTransaction, CommandId, Id, PgStore, SendOptions, StoreError, Timestamp, Version,
    store::{AsOfTime, Expect, Log, Store, StreamId, Streams, Transact},
};
use intent_tests::postgres::Proxy;
use sqlx::query_scalar;

use super::roles::Roles;
use crate::{
    dispatch::{
        domain::{Account, Deposit, Withdraw},
        fixture::{opened, registered},
        transactions::{balance, dropped_at_every_point},
    },
    store::appending::{append, stream},
};

async fn version(store: &PgStore, stream: &StreamId) -> Version {
    let now = AsOfTime::Recorded(Timestamp::MAX);
    store.version_as_of(stream, now).await.unwrap()
}

/// Waits until no connection of the application's is in a transaction.
async fn until_idle(roles: &Roles) {
    let mut admin = roles.connection("postgres").await;
    loop {
        let open = "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'";
        let open: i64 = query_scalar(open).fetch_one(&mut admin).await.unwrap();
        if open == 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_its_connection_sound() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let stream = stream();
    // More than there are connections, so each must come back.
    for _ in 0..30 {
        let begun = store.begin().await.unwrap();
        begun.append(append(&stream, 1)).await.unwrap();
        drop(begun);
    }
    until_idle(&roles).await;
    assert_eq!(version(&store, &stream).await, Version::NONE);
    store.append(append(&stream, 1)).await.unwrap();
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_wait_for_another_transaction_has_a_bound() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let stream = stream();
    let (ahead, behind) = (store.begin().await.unwrap(), store.begin().await.unwrap());
    ahead.append(append(&stream, 1)).await.unwrap();
    let error = behind.append(append(&stream, 1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
    ahead.commit().await.unwrap();
    // The transaction goes on as it was, and now sees what was committed.
    let mut next = append(&stream, 1);
    next.expect = Expect::Version(Version::FIRST);
    behind.append(next).await.unwrap();
    behind.commit().await.unwrap();
    assert_eq!(version(&store, &stream).await, Version::new(2));
}

#[tokio::test]
async fn a_transaction_that_is_dropped_half_way_leaves_nothing_open() {
    let roles = Roles::new().await;
    let proxy = Proxy::start(roles.server()).await;
    let store = roles.open_through(proxy.server(), &roles.app).await;
    let app = registered(store.unwrap()).await;
    dropped_at_every_point(&app).await;
    until_idle(&roles).await;
}

/// Two accounts, and a transfer between them under two command ids.
struct Transfer {
    app: App,
    accounts: (Id<Account>, Id<Account>),
    ids: [CommandId; 2],
}

impl Transfer {
    async fn new(store: PgStore) -> Self {
        let app = registered(store).await;
        let accounts = (opened(&app).await, opened(&app).await);
        let deposit = Deposit {
            id: accounts.0,
            amount: 5,
        };
        app.send(deposit).await.unwrap();
        Self {
            app,
            accounts,
            ids: [CommandId::new(), CommandId::new()],
        }
    }

    /// Sends both. Says whether each was sent before.
    async fn send(&self, transaction: &mut AppTransaction) -> [bool; 2] {
        let with = |id| SendOptions::new().command_id(id);
        let ([one, two], (from, to)) = (self.ids, self.accounts);
        let withdraw = Withdraw {
            id: from,
            amount: 3,
        };
        let deposit = Deposit { id: to, amount: 3 };
        let withdrawn = transaction.send_with(withdraw, with(one)).await;
        let deposited = transaction.send_with(deposit, with(two)).await;
        [withdrawn.unwrap().repeated, deposited.unwrap().repeated]
    }

    /// Sends both in a transaction whose commit has an unknown outcome, then again.
    async fn sent_again(&self, arm: impl FnOnce()) -> [bool; 2] {
        let mut transaction = self.app.transaction().await.unwrap();
        assert_eq!(self.send(&mut transaction).await, [false; 2]);
        arm();
        let unknown = transaction.commit().await;
        assert!(
            matches!(unknown, Err(StoreError::UnknownCommit { .. })),
            "{unknown:?}"
        );
        let mut transaction = self.app.transaction().await.unwrap();
        let repeated = self.send(&mut transaction).await;
        transaction.commit().await.unwrap();
        let (from, to) = self.accounts;
        let balances = (balance(&self.app, from).await, balance(&self.app, to).await);
        assert_eq!(balances, (2, 3));
        repeated
    }
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_out_by_sending_again() {
    let roles = Roles::new().await;
    let proxy = Proxy::start(roles.server()).await;
    let store = roles.open_through(proxy.server(), &roles.app).await;
    let transfer = Transfer::new(store.unwrap()).await;
    let repeated = transfer
        .sent_again(|| proxy.swallow_next_reply_to("COMMIT"))
        .await;
    assert_eq!((repeated, proxy.swallowed()), ([true; 2], 1));
}

#[tokio::test]
async fn a_commit_that_never_happened_is_found_out_by_sending_again() {
    let roles = Roles::new().await;
    let is_armed = Arc::new(AtomicBool::new(false));
    let armed = Arc::clone(&is_armed);
    let proxy = Proxy::rewriting(roles.server(), move |text| {
        let dies = text == "COMMIT" && armed.swap(false, Ordering::SeqCst);
        let dying = "SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())";
        if dies { dying } else { text }.to_owned()
    });
    let proxy = proxy.await;
    let store = roles.open_through(proxy.server(), &roles.app).await;
    let transfer = Transfer::new(store.unwrap()).await;
    let repeated = transfer.sent_again(|| is_armed.store(true, Ordering::SeqCst));
    assert_eq!(repeated.await, [false; 2]);
}
