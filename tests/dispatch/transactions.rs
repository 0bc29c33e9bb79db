//! Transactions that an app begins: the same on every store, and behind a decorator.

use std::{error::Error, time::Duration};

use intent_runtime::{App, AppTransaction, prelude::*, store::IntoStore};
use tokio::time::timeout;

use super::{
    domain::*,
    fixture::{Interposed, domain, on_every_store, opened, polled, registered},
};

/// Runs a test on every store, and behind a decorator of each.
async fn everywhere(test: impl AsyncFn(App)) {
    on_every_store(async |app| {
        let around = Interposed::around((&app).into_store());
        test(registered(around).await).await;
        test(app).await;
    })
    .await;
}

pub async fn balance(app: &App, id: Id<Account>) -> i64 {
    app.load(id).await.unwrap().balance
}

/// How many events the log has.
async fn log_ends_at(app: &App) -> u64 {
    app.store().log_health().await.unwrap().end.get()
}

/// How many events the log has of this tenant.
async fn exported(app: &App) -> u64 {
    let tenant = app.tenant(TenantId::DEFAULT);
    let exported = tenant.export().write(&mut Vec::new()).await;
    exported.unwrap().events
}

async fn moved(
    transaction: &mut AppTransaction,
    (from, to): (Id<Account>, Id<Account>),
    amount: i64,
) -> Result<(), Box<dyn Error>> {
    transaction.send(Withdraw { id: from, amount }).await?;
    transaction.send(Deposit { id: to, amount }).await?;
    Ok(())
}

#[tokio::test]
async fn commands_to_several_aggregates_are_stored_together() {
    everywhere(async |app| {
        let (from, to) = (opened(&app).await, opened(&app).await);
        app.send(Deposit {
            id: from,
            amount: 5,
        })
        .await
        .unwrap();
        let before = log_ends_at(&app).await;
        let mut log = app.subscribe(LogFilter::all());
        let mut transaction = app.transaction().await.unwrap();
        moved(&mut transaction, (from, to), 3).await.unwrap();

        assert_eq!(transaction.load(to).await.unwrap().balance, 3);
        assert_eq!((balance(&app, from).await, balance(&app, to).await), (5, 0));
        transaction.commit().await.unwrap();
        assert_eq!((balance(&app, from).await, balance(&app, to).await), (2, 3));
        assert_eq!(log_ends_at(&app).await, before + 2);
        let mut last = log.next().await.unwrap();
        while last.position.get() < before + 2 {
            last = log.next().await.unwrap();
        }
        assert_eq!(last.aggregate_id.as_uuid(), to.as_uuid());
    })
    .await;
}

#[tokio::test]
async fn a_receipt_says_what_is_stored() {
    everywhere(async |app| {
        let id = opened(&app).await;
        let mut transaction = app.transaction().await.unwrap();
        let receipt = transaction.send(Deposit { id, amount: 5 }).await.unwrap();
        transaction.commit().await.unwrap();
        let history = app.history(id).await.unwrap();
        let stored = history.last().unwrap();
        assert_eq!(receipt.version, stored.version());
        let (_, position) = receipt.cursor.unwrap().place().unwrap();
        assert_eq!(position, stored.position());
        assert_eq!(receipt.recorded_at, Some(stored.recorded_at()));
        assert_eq!(
            Some(receipt.command_id),
            stored.metadata().unwrap().command_id
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_rolled_back_or_dropped_never_was() {
    everywhere(async |app| {
        let id = opened(&app).await;
        app.send(Deposit { id, amount: 5 }).await.unwrap();
        let stored = exported(&app).await;
        let command_id = CommandId::new();
        let options = || SendOptions::new().command_id(command_id);
        let withdraw = Withdraw { id, amount: 5 };
        for dropped in [true, false] {
            let mut transaction = app.transaction().await.unwrap();
            let sent = transaction.send_with(withdraw.clone(), options()).await;
            assert!(!sent.unwrap().repeated);
            match dropped {
                true => drop(transaction),
                false => transaction.rollback().await.unwrap(),
            }
            assert_eq!((balance(&app, id).await, exported(&app).await), (5, stored));
        }
        // Neither the cached state nor the command id is changed by it.
        let again = app.send_with(withdraw, options()).await.unwrap();
        assert_eq!((again.version.get(), again.repeated), (3, false));
    })
    .await;
}

#[tokio::test]
async fn commands_to_one_aggregate_follow_each_other_and_a_refusal_leaves_the_rest() {
    everywhere(async |app| {
        let id = Id::<Account>::new();
        let mut transaction = app.transaction().await.unwrap();
        let owner = String::from("Ada");
        transaction.send(Open { id, owner }).await.unwrap();
        transaction.send(Deposit { id, amount: 5 }).await.unwrap();
        let refused = transaction.send(Withdraw { id, amount: 6 }).await;
        let overdrawn = matches!(
            refused,
            Err(SendError::Rejected(Overdrawn { balance: 5, .. }))
        );
        assert!(overdrawn, "{refused:?}");
        let seen = SendOptions::new().expect_version(Version::FIRST);
        let conflict = transaction.send_with(Deposit { id, amount: 1 }, seen).await;
        assert!(
            matches!(conflict, Err(SendError::Conflict { .. })),
            "{conflict:?}"
        );
        let last = transaction.send(Withdraw { id, amount: 5 }).await.unwrap();
        assert_eq!(last.version, Version::new(3));
        transaction.commit().await.unwrap();
        assert_eq!(balance(&app, id).await, 0);
    })
    .await;
}

/// Drops a transfer at every point where it waits. Each is stored as a whole or not at all, and holds up nobody.
pub async fn dropped_at_every_point(app: &App) {
    for cuts in 0.. {
        let (from, to) = (opened(app).await, opened(app).await);
        app.send(Deposit {
            id: from,
            amount: 5,
        })
        .await
        .unwrap();
        let transfer = async {
            let mut transaction = app.transaction().await.unwrap();
            moved(&mut transaction, (from, to), 3).await.unwrap();
            transaction.commit().await.unwrap();
        };
        let is_done = polled(transfer, cuts).await.is_some();
        // Its locks must be gone by now, or these would be `Busy`.
        for id in [from, to] {
            app.send(Deposit { id, amount: 1 }).await.unwrap();
        }
        match (balance(app, from).await, balance(app, to).await) {
            (3, 4) if is_done => return,
            (6, 1) | (3, 4) if !is_done => {}
            other => panic!("dropped after {cuts} polls, done: {is_done}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_transaction_that_is_dropped_half_way_is_stored_whole_or_not_at_all() {
    everywhere(async |app| dropped_at_every_point(&app).await).await;
}

#[tokio::test]
async fn a_command_id_has_one_effect_in_transactions_too() {
    everywhere(async |app| {
        let id = opened(&app).await;
        let deposit = || Deposit { id, amount: 5 };
        let (one, two) = (CommandId::new(), CommandId::new());
        let with = |id| SendOptions::new().command_id(id);
        app.send_with(deposit(), with(one)).await.unwrap();
        for repeated in [false, true] {
            let mut transaction = app.transaction().await.unwrap();
            for (command_id, repeated) in [(one, true), (two, repeated), (two, true)] {
                let told = transaction.send_with(deposit(), with(command_id)).await;
                let told = told.unwrap();
                assert_eq!((told.repeated, told.events.len()), (repeated, 1));
            }
            transaction.commit().await.unwrap();
        }
        assert_eq!(balance(&app, id).await, 10);
    })
    .await;
}

#[tokio::test]
async fn a_kept_aggregate_is_as_good_as_none_after_a_transaction() {
    everywhere(async |app| {
        let id = opened(&app).await;
        app.send(Deposit { id, amount: 5 }).await.unwrap();
        let mut transaction = app.transaction().await.unwrap();
        transaction.send(Withdraw { id, amount: 5 }).await.unwrap();
        transaction.commit().await.unwrap();
        let refused = app.send(Withdraw { id, amount: 1 }).await;
        let overdrawn = matches!(
            refused,
            Err(SendError::Rejected(Overdrawn { balance: 0, .. }))
        );
        assert!(overdrawn, "{refused:?}");
        let sent = app.send(Deposit { id, amount: 1 }).await.unwrap();
        assert_eq!(sent.version, Version::new(4));
    })
    .await;
}

#[tokio::test]
async fn a_writer_beside_a_transaction_waits_for_it() {
    everywhere(async |app| {
        let id = opened(&app).await;
        let mut transaction = app.transaction().await.unwrap();
        transaction.send(Deposit { id, amount: 5 }).await.unwrap();
        let beside = app.send(Withdraw { id, amount: 5 });
        let committing = async {
            tokio::task::yield_now().await;
            transaction.commit().await
        };
        let (beside, committed) = tokio::join!(beside, committing);
        committed.unwrap();
        // If it was decided too early, it was decided again.
        match beside {
            Ok(receipt) => assert_eq!(receipt.version, Version::new(3)),
            Err(SendError::Rejected(Overdrawn { balance: 0, .. })) => {}
            other => panic!("{other:?}"),
        }
    })
    .await;
}

#[tokio::test]
async fn transactions_take_turns() {
    everywhere(async |app| {
        let id = opened(&app).await;
        let turns = (1..=8).map(|_| async {
            let mut transaction = app.transaction().await.unwrap();
            for _ in 0..2 {
                transaction.send(Deposit { id, amount: 1 }).await.unwrap();
            }
            transaction.commit().await.unwrap();
        });
        futures_util::future::join_all(turns).await;
        assert_eq!(balance(&app, id).await, 16);
    })
    .await;
}

#[tokio::test]
async fn a_commit_wakes_readers() {
    everywhere(async |app| {
        let id = opened(&app).await;
        let mut wakes = app.store().wake_ups();
        let mut transaction = app.transaction().await.unwrap();
        transaction.send(Deposit { id, amount: 5 }).await.unwrap();
        wakes.mark_unchanged();
        transaction.commit().await.unwrap();
        let woken = timeout(Duration::from_secs(30), wakes.changed()).await;
        woken.unwrap().unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_actor_sends_what_its_roles_allow() {
    everywhere(async |app| {
        let id = opened(&app).await;
        let ada = app.acting(Actor::new("ada"));
        let mut transaction = ada.transaction().await.unwrap();
        transaction.send(Deposit { id, amount: 5 }).await.unwrap();
        assert_eq!(transaction.load(id).await.unwrap().balance, 5);
        assert_eq!(balance(&app, id).await, 0);
        transaction.commit().await.unwrap();
        let history = app.history(id).await.unwrap();
        let actor = history.last().unwrap().metadata().unwrap().actor.clone();
        assert_eq!(actor.as_deref(), Some("ada"));
    })
    .await;
}

#[tokio::test]
async fn a_tenant_keeps_to_its_own() {
    everywhere(async |app| {
        let id = opened(&app).await;
        let branch = app.tenant(TenantId::from_name("eindhoven"));
        let mut transaction = branch.transaction().await.unwrap();
        let missing = transaction.send(Deposit { id, amount: 5 }).await;
        assert!(
            matches!(missing, Err(SendError::NotFound { .. })),
            "{missing:?}"
        );
        let owner = String::from("Bo");
        transaction.send(Open { id, owner }).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(branch.load(id).await.unwrap().owner, "Bo");
        assert_eq!(app.load(id).await.unwrap().owner, "Ada");
    })
    .await;
}

#[tokio::test]
async fn what_is_not_registered_is_refused() {
    everywhere(async |app| {
        let id = opened(&app).await;
        let empty = App::on(&app, Domain::new()).await.unwrap();
        let mut transaction = empty.transaction().await.unwrap();
        let told = transaction.send(Deposit { id, amount: 1 }).await;
        assert!(
            matches!(told, Err(SendError::NotRegistered { .. })),
            "{told:?}"
        );
        let told = transaction.load(id).await;
        assert!(
            matches!(told, Err(LoadError::NotRegistered { .. })),
            "{told:?}"
        );
        transaction.commit().await.unwrap();
        let again = App::on(&app, domain()).await.unwrap();
        assert_eq!(balance(&again, id).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_closed_app_begins_none() {
    everywhere(async |app| {
        let clone = app.clone();
        app.close().await.unwrap();
        let told = clone.transaction().await;
        assert!(matches!(told, Err(StoreError::Closed)), "{told:?}");
    })
    .await;
}
