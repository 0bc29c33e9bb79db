//! Arithmetic that has no result: a command is refused before anything is stored, and a stored event is an error on load.

use std::error::Error as _;

use intent_runtime::{HistoryError, LoadError, prelude::*};

use super::{
    domain::*,
    fixture::{append_raw, on_every_store, opened},
};

#[tokio::test]
async fn an_event_that_overflows_is_refused_before_it_is_stored() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let amount = i64::MAX;
        app.send(Deposit { id, amount }).await.unwrap();
        for amounts in [vec![1], vec![-1, 1, 1]] {
            let error = app.send(DepositMany { id, amounts }).await.unwrap_err();
            let SendError::Decision {
                command, source, ..
            } = &error
            else {
                panic!("{error:?}")
            };
            assert_eq!(*command, "DepositMany");
            assert!(
                matches!(source, HistoryError::Overflow { .. }),
                "{source:?}"
            );
            let text = error.source().map(ToString::to_string).unwrap_or_default();
            assert!(
                text.starts_with("`Deposited` overflows `balance` of Account at version "),
                "{text}"
            );
        }
        assert_eq!(
            app.history(id).await.unwrap().len(),
            2,
            "nothing was stored"
        );
        app.send(Withdraw { id, amount: 1 }).await.unwrap();
        app.send(Deposit { id, amount: 1 }).await.unwrap();
        assert_eq!(app.load(id).await.unwrap().balance, i64::MAX);
    })
    .await;
}

#[tokio::test]
async fn a_stored_event_that_overflows_is_an_error_on_load() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        for version in 1..=2 {
            let payload = format!(r#"{{"amount":{},"channel":"counter"}}"#, i64::MAX);
            append_raw(&app, id, version, ("Deposited", 2), &payload).await;
        }
        let error = app.load(id).await.unwrap_err();
        let LoadError::History { source, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(
            source.to_string(),
            "`Deposited` overflows `balance` of Account at version 3"
        );
        let error = app.send(Deposit { id, amount: 1 }).await.unwrap_err();
        assert!(
            matches!(error, SendError::Load(LoadError::History { .. })),
            "nothing is decided on less: {error:?}"
        );
        assert_eq!(
            app.history(id).await.unwrap().len(),
            3,
            "the events are all there"
        );
    })
    .await;
}
