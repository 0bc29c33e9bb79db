//! Chapter "Errors".

use std::error::Error;

use intent_runtime::prelude::*;

use super::commands::{Account, Deposit, Open};
use crate::dispatch::fixture::{Fault, Interposed};

#[tokio::test(start_paused = true)]
async fn what_an_unknown_command_stored_is_looked_up() {
    let store = Interposed::default();
    let app = App::on(store.clone(), Domain::of::<Account>())
        .await
        .unwrap();
    let id = Id::<Account>::new();
    let owner = String::from("Ada");
    app.send(Open { id, owner }).await.unwrap();
    store.next(Fault::LostAfter);
    for _ in 0..1_000 {
        store.next(Fault::LostBefore);
    }
    let deposit = Deposit { id, amount: 5 };

    // ANCHOR: unknown
    let command_id = match app.send(deposit.clone()).await {
        Err(SendError::Store(StoreError::UnknownOutcome { command_id, .. })) => command_id,
        other => panic!("{other:?}"),
    };
    // What an operator sees:
    let stored = app.store().events_of_command(app.id(), command_id).await;
    assert_eq!(stored.unwrap()[0].event_type, "Deposited");
    // ANCHOR_END: unknown
    assert_eq!(app.load(id).await.unwrap().balance, 5);
}

// ANCHOR: causes
/// An error with all its causes, in one line.
fn with_causes(error: &dyn Error) -> String {
    let errors = std::iter::successors(Some(error), |&error| error.source());
    let texts: Vec<String> = errors.map(ToString::to_string).collect();
    texts.join(": ")
}
// ANCHOR_END: causes

#[tokio::test]
async fn an_error_is_printed_with_its_causes() {
    let unreachable = App::connect("postgres://ada@127.0.0.1:1/shop", Domain::new()).await;
    let error = unreachable.unwrap_err();
    let (first, cause) = (error.to_string(), error.source().unwrap().to_string());
    assert_eq!(with_causes(&error), format!("{first}: {cause}"));
    assert!(!cause.is_empty());
}
