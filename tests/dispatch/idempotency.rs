//! One command id, one effect.

use intent_runtime::{StoreError, prelude::*};

use super::{
    domain::*,
    fixture::{Fault, Interposed, on_every_store, opened, registered},
};

fn with_id(id: CommandId) -> SendOptions {
    SendOptions::new().command_id(id)
}

#[tokio::test]
async fn the_same_command_id_has_one_effect_and_one_receipt() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let command_id = CommandId::new();
        let first = app
            .send_with(Deposit { id, amount: 5 }, with_id(command_id))
            .await
            .unwrap();
        app.send(Deposit { id, amount: 1 }).await.unwrap();
        let second = app
            .send_with(Deposit { id, amount: 5 }, with_id(command_id))
            .await
            .unwrap();
        assert!(!first.repeated && second.repeated);
        assert_eq!(
            (first.version, first.cursor),
            (second.version, second.cursor)
        );
        assert_eq!(
            (first.events, first.recorded_at),
            (second.events, second.recorded_at)
        );
        assert_eq!(app.load(id).await.unwrap().balance, 6);
    })
    .await;
}

#[tokio::test]
async fn the_first_receipt_is_given_where_a_fresh_decision_would_refuse() {
    on_every_store(async |app| {
        let id = Id::new();
        let open = CommandId::new();
        app.send_with(
            Open {
                id,
                owner: "Ada".into(),
            },
            with_id(open),
        )
        .await
        .unwrap();
        let again = app
            .send_with(
                Open {
                    id,
                    owner: "Ada".into(),
                },
                with_id(open),
            )
            .await
            .unwrap();
        assert!(
            again.repeated,
            "creating again under one id is the same creation"
        );

        app.send(Deposit { id, amount: 5 }).await.unwrap();
        let withdraw = CommandId::new();
        app.send_with(Withdraw { id, amount: 5 }, with_id(withdraw))
            .await
            .unwrap();
        let again = app
            .send_with(Withdraw { id, amount: 5 }, with_id(withdraw))
            .await
            .unwrap();
        assert!(
            again.repeated,
            "the balance no longer covers it, but it was done"
        );
        let expecting = with_id(withdraw).expect_version(Version::new(2));
        let again = app
            .send_with(Withdraw { id, amount: 5 }, expecting)
            .await
            .unwrap();
        assert!(
            again.repeated,
            "the version it expected is gone, but it was done"
        );
        assert_eq!(app.load(id).await.unwrap().balance, 0);
        let settle = CommandId::new();
        app.send(Deposit { id, amount: 5 }).await.unwrap();
        let first = app.send_with(Settle { id }, with_id(settle)).await.unwrap();
        let again = app.send_with(Settle { id }, with_id(settle)).await.unwrap();
        assert!(
            !first.repeated && again.repeated,
            "there is nothing to do now, but something was done"
        );
        assert_eq!(first.events, again.events);
    })
    .await;
}

#[tokio::test]
async fn a_command_that_stored_nothing_may_be_decided_again() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let command_id = CommandId::new();
        app.send_with(Withdraw { id, amount: 5 }, with_id(command_id))
            .await
            .unwrap_err();
        app.send(Deposit { id, amount: 5 }).await.unwrap();
        let receipt = app
            .send_with(Withdraw { id, amount: 5 }, with_id(command_id))
            .await
            .unwrap();
        assert!(!receipt.repeated);
    })
    .await;
}

#[tokio::test]
async fn a_command_id_belongs_to_one_aggregate() {
    on_every_store(async |app| {
        let (one, other) = (opened(&app).await, opened(&app).await);
        let command_id = CommandId::new();
        app.send_with(Deposit { id: one, amount: 5 }, with_id(command_id))
            .await
            .unwrap();
        let expected = format!("command id {command_id} was used before, for Account {one}");
        let error = app
            .send_with(
                Deposit {
                    id: other,
                    amount: 5,
                },
                with_id(command_id),
            )
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), expected);
        let error = app
            .send_with(
                Withdraw {
                    id: other,
                    amount: 5,
                },
                with_id(command_id),
            )
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            expected,
            "also where it would be refused"
        );
        let error = app
            .send_with(Start { id: Id::new() }, with_id(command_id))
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), expected, "also for another type");
    })
    .await;
}

#[tokio::test]
async fn an_unknown_outcome_is_resolved_by_appending_again() {
    for fault in [Fault::LostBefore, Fault::LostAfter] {
        let store = Interposed::default();
        let app = registered(store.clone()).await;
        let id = opened(&app).await;
        store.next(fault);
        let receipt = app.send(Deposit { id, amount: 5 }).await.unwrap();
        assert_eq!(receipt.version, Version::new(2));
        let account = app.load(id).await.unwrap();
        assert_eq!(
            (account.version(), account.balance),
            (Version::new(2), 5),
            "once, not twice"
        );
        app.send(Deposit { id, amount: 1 }).await.unwrap();
        assert_eq!(app.load(id).await.unwrap().balance, 6);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outcome_is_unknown_no_longer_than_a_server_takes_to_come_back() {
    let store = Interposed::default();
    let app = registered(store.clone()).await;
    let id = opened(&app).await;
    store.next(Fault::LostAfter);
    for _ in 0..30 {
        store.next(Fault::LostBefore);
    }
    let receipt = app.send(Deposit { id, amount: 5 }).await.unwrap();
    assert_eq!(receipt.version, Version::new(2));
    assert_eq!(app.load(id).await.unwrap().balance, 5, "once, not twice");
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_stays_unknown_is_reported_as_unknown() {
    let store = Interposed::default();
    let app = registered(store.clone()).await;
    let id = opened(&app).await;
    store.next(Fault::LostAfter);
    for _ in 0..1_000 {
        store.next(Fault::Full);
    }
    let error = app.send(Deposit { id, amount: 5 }).await.unwrap_err();
    // It was stored, and the disk was full afterwards.
    let command_id = match &error {
        SendError::Store(StoreError::UnknownOutcome { command_id, .. }) => *command_id,
        other => panic!("{other:?}"),
    };
    assert!(
        error.to_string().contains(&command_id.to_string()),
        "{error}"
    );
    let stored = app.store().events_of_command(app.id(), command_id).await;
    assert_eq!(stored.unwrap().len(), 1, "it is found under the id");

    let error = app.send(Deposit { id, amount: 5 }).await.unwrap_err();
    assert!(
        matches!(error, SendError::Store(StoreError::Full { .. })),
        "{error:?}"
    );
    assert_eq!(app.load(id).await.unwrap().balance, 5);
}

#[tokio::test]
async fn the_first_receipt_is_given_where_the_events_could_not_be_stored_now() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        // Under an id of its own, the decision would be refused once the account has been emptied.
        for (command_id, most) in [(CommandId::new(), 1), (CommandId::new(), 10_001)] {
            app.send(Deposit { id, amount: 1 }).await.unwrap();
            let command = Drain { id, most };
            let first = app
                .send_with(command.clone(), with_id(command_id))
                .await
                .unwrap();
            let error = app.send(command.clone()).await.unwrap_err();
            assert!(
                matches!(
                    error,
                    SendError::Decision { .. } | SendError::Store(StoreError::Invalid { .. })
                ),
                "{error:?}"
            );
            let again = app.send_with(command, with_id(command_id)).await.unwrap();
            assert!(again.repeated);
            assert_eq!(again.events, first.events);
        }
        assert_eq!(app.load(id).await.unwrap().balance, 0);
    })
    .await;
}

#[tokio::test]
async fn a_receipt_has_all_events_of_its_command_and_no_others() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        for count in [1, 7, 8, 9, 64, 72, 73, 600] {
            let command_id = CommandId::new();
            let command = DepositMany {
                id,
                amounts: vec![1; count],
            };
            let first = app
                .send_with(command.clone(), with_id(command_id))
                .await
                .unwrap();
            for _ in 0..2 {
                let again = app
                    .send_with(command.clone(), with_id(command_id))
                    .await
                    .unwrap();
                assert_eq!((again.version, again.events.len()), (first.version, count));
                app.send(Deposit { id, amount: 1 }).await.unwrap();
            }
        }
    })
    .await;
}
