//! Metadata that somebody changed without the store. Those who ask for it get an error, and nobody else does.

use std::error::Error as _;

use intent_runtime::{error::MetadataError, prelude::*};

use super::{damage::damage_rows, directory::Directory};
use crate::dispatch::domain::*;

fn is_of_event_2(error: &MetadataError, id: Id<Account>) {
    assert_eq!(error.version, Version::new(2));
    assert_eq!(error.stream.aggregate_id.as_uuid(), id.as_uuid());
    assert!(error.source().is_some(), "serde says why");
}

#[tokio::test]
async fn damaged_metadata_is_an_error_only_for_those_who_ask() {
    for damage in [
        "UPDATE intent_events SET metadata = 'not JSON' WHERE version = 2",
        "UPDATE intent_events SET metadata = '{\"actor\":7}' WHERE version = 2",
        "UPDATE intent_events SET metadata = '{\"timestamp\":\"yesterday\"}' WHERE version = 2",
        "UPDATE intent_events SET metadata = '[]' WHERE version = 2",
    ] {
        let directory = Directory::new();
        let app = App::on(directory.open().await, Domain::of::<Account>());
        let app = app.await.unwrap();
        let id = Id::new();
        let owner = "Ada".into();
        app.send(Open { id, owner }).await.unwrap();
        let command_id = CommandId::new();
        let again = || SendOptions::new().command_id(command_id);
        let deposit = || Deposit { id, amount: 5 };
        app.send_with(deposit(), again()).await.unwrap();
        damage_rows(&directory, damage).await;

        assert_eq!(app.load(id).await.unwrap().balance, 5, "{damage}");
        let history = app.history(id).await.unwrap();
        assert!(history[0].metadata().is_ok(), "{damage}");
        for _ in 0..2 {
            is_of_event_2(&history[1].metadata().unwrap_err(), id);
        }
        is_of_event_2(&history[1].source().metadata().unwrap_err(), id);
        is_of_event_2(&Metadata::caused_by(&history[1]).unwrap_err(), id);
        let time = history[1].occurred_at();
        assert_eq!(
            time,
            history[1].source().occurred_at,
            "the time is kept apart"
        );
        let then = app.load_as_of(id, AsOf::Occurred(time)).await.unwrap();
        assert_eq!(then.version(), Version::new(2), "{damage}");

        let follow = SendOptions::new().caused_by(&history[1]);
        match app.send_with(deposit(), follow).await {
            Err(SendError::Store(StoreError::Metadata(error))) => is_of_event_2(&error, id),
            other => panic!("{damage}: {other:?}"),
        }
        // The metadata shows whether it is the same command.
        match app.send_with(deposit(), again()).await {
            Err(SendError::Store(StoreError::Metadata(error))) => is_of_event_2(&error, id),
            other => panic!("{damage}: {other:?}"),
        }
        let exported = app.export().write(&mut Vec::new()).await.unwrap_err();
        let cause = exported.source().unwrap().downcast_ref::<StoreError>();
        match cause {
            Some(StoreError::Metadata(error)) => is_of_event_2(error, id),
            other => panic!("{damage}: {other:?}"),
        }
        assert_eq!(app.load(id).await.unwrap().version(), Version::new(2));
    }
}
