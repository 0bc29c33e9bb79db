//! Who, why and where from: stored with every event, inherited by what follows.

use intent_runtime::{CorrelationId, Traceparent, prelude::*};

use super::{
    domain::*,
    fixture::{on_every_store, opened},
};

fn traceparent() -> Traceparent {
    let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    header.parse().unwrap()
}

#[tokio::test]
async fn metadata_is_stored_with_every_event() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let time: Timestamp = "2011-10-01T00:38:44.546+02:00".parse().unwrap();
        let metadata = Metadata::new()
            .actor("ada")
            .role("teller")
            .timestamp(time)
            .request_id("7f3a")
            .source("counter")
            .tag("branch", "0042")
            .traceparent(traceparent());
        let command_id = CommandId::new();
        let options = SendOptions::new()
            .metadata(metadata.clone())
            .command_id(command_id);
        app.send_with(
            DepositMany {
                id,
                amounts: vec![1, 2],
            },
            options,
        )
        .await
        .unwrap();

        let history = app.history(id).await.unwrap();
        for event in &history[1..] {
            let stored = &event.metadata().unwrap();
            assert_eq!(stored.actor, metadata.actor);
            assert_eq!(stored.role, metadata.role);
            assert_eq!(stored.request_id, metadata.request_id);
            assert_eq!(stored.source, metadata.source);
            assert_eq!(stored.tags, metadata.tags);
            assert_eq!(stored.traceparent, metadata.traceparent);
            assert_eq!(stored.command_id, Some(command_id));
            assert_eq!(event.occurred_at(), time);
            assert!(
                event.recorded_at() > time,
                "the store has a clock of its own"
            );
        }
        assert_ne!(history[1].id(), history[2].id());
    })
    .await;
}

#[tokio::test]
async fn the_stored_text_leaves_out_what_the_event_says() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let time = "2020-01-01T00:00:00Z".parse().unwrap();
        let options = SendOptions::new().metadata(Metadata::new().timestamp(time));
        app.send_with(Deposit { id, amount: 1 }, options)
            .await
            .unwrap();
        let cause = app.history(id).await.unwrap().remove(1);
        let text = cause.source().metadata.json();
        assert!(
            !text.contains("timestamp") && !text.contains("correlation_id"),
            "{text}"
        );
        let read = cause.metadata().unwrap();
        assert_eq!(read.timestamp, Some(time));
        assert_eq!(
            read.correlation_id,
            read.command_id.map(CorrelationId::from)
        );

        let options = SendOptions::new().caused_by(&cause);
        app.send_with(Deposit { id, amount: 2 }, options)
            .await
            .unwrap();
        let effect = app.history(id).await.unwrap().remove(2);
        let text = effect.source().metadata.json();
        assert!(
            text.contains("correlation_id"),
            "it is another command's: {text}"
        );
        let read = effect.metadata().unwrap();
        assert_eq!(read.timestamp, Some(effect.occurred_at()));
        assert_eq!(
            read.correlation_id,
            cause.metadata().unwrap().correlation_id
        );
    })
    .await;
}

#[tokio::test]
async fn a_conversation_begins_with_its_first_command() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let opened = app.history(id).await.unwrap().remove(0);
        let first = opened.metadata().unwrap().command_id.unwrap();
        assert_eq!(
            opened.metadata().unwrap().correlation_id,
            Some(CorrelationId::from(first))
        );
        assert_eq!(opened.metadata().unwrap().causation_id, None);
    })
    .await;
}

#[tokio::test]
async fn what_follows_from_an_event_inherits_its_metadata() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let time = "2020-01-01T00:00:00Z".parse().unwrap();
        let metadata = Metadata::new()
            .actor("ada")
            .role("teller")
            .tag("branch", "0042")
            .timestamp(time)
            .traceparent(traceparent());
        let options = SendOptions::new().metadata(metadata);
        app.send_with(Deposit { id, amount: 1 }, options)
            .await
            .unwrap();
        let cause = app.history(id).await.unwrap().remove(1);

        let options = SendOptions::new().caused_by(&cause);
        app.send_with(Deposit { id, amount: 2 }, options)
            .await
            .unwrap();
        let effect = app.history(id).await.unwrap().remove(2);
        assert_eq!(
            effect.metadata().unwrap().actor,
            cause.metadata().unwrap().actor
        );
        assert_eq!(
            effect.metadata().unwrap().role,
            cause.metadata().unwrap().role
        );
        assert_eq!(
            effect.metadata().unwrap().tags,
            cause.metadata().unwrap().tags
        );
        assert_eq!(
            effect.metadata().unwrap().correlation_id,
            cause.metadata().unwrap().correlation_id
        );
        assert_eq!(effect.metadata().unwrap().causation_id, Some(cause.id()));
        assert_eq!(
            effect.metadata().unwrap().traceparent,
            None,
            "it has a trace of its own"
        );
        assert_ne!(
            effect.metadata().unwrap().command_id,
            cause.metadata().unwrap().command_id
        );
        assert!(
            effect.occurred_at() > cause.occurred_at(),
            "the time is its own"
        );
    })
    .await;
}

#[tokio::test]
async fn the_time_of_the_metadata_is_the_time_of_the_decision() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let time = "2020-01-01T00:00:00Z".parse().unwrap();
        let options = SendOptions::new().metadata(Metadata::new().timestamp(time));
        let receipt = app.send_with(Fork { id }, options).await.unwrap();
        assert!(
            matches!(&receipt.events[..], [AccountEvent::Forked(Forked { at, .. })] if *at == time)
        );
    })
    .await;
}

#[tokio::test]
async fn given_metadata_wins_over_inherited() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let options = SendOptions::new().metadata(
            Metadata::new()
                .actor("ada")
                .role("teller")
                .tag("branch", "1"),
        );
        app.send_with(Deposit { id, amount: 1 }, options)
            .await
            .unwrap();
        let cause = app.history(id).await.unwrap().remove(1);
        let own = || Metadata::new().actor("bo").tag("desk", "2");
        for options in [
            SendOptions::new().caused_by(&cause).metadata(own()),
            SendOptions::new().metadata(own()).caused_by(&cause),
            SendOptions::new().metadata(own()).caused_by(cause.source()),
        ] {
            app.send_with(Deposit { id, amount: 1 }, options)
                .await
                .unwrap();
            let effect = app.history(id).await.unwrap().pop().unwrap();
            let effect = effect.metadata().unwrap();
            assert_eq!(effect.actor.as_deref(), Some("bo"));
            assert_eq!(effect.role.as_deref(), Some("teller"));
            assert_eq!(effect.causation_id, Some(cause.id()));
            assert_eq!(
                effect.correlation_id,
                cause.metadata().unwrap().correlation_id
            );
            assert_eq!(effect.tags.len(), 2);
        }
    })
    .await;
}

#[tokio::test]
async fn metadata_has_the_time_that_the_event_has_now() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let history = app.history(id).await.unwrap();
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let stored = history[0].occurred_at();
        // One that was parsed before, and one that comes with its metadata as it was sent.
        let mut event = history[0].source().clone();
        assert_eq!(event.metadata().unwrap().timestamp, Some(stored));
        for moved in [
            time("2011-10-01T00:38:44Z"),
            time("2012-10-01T00:38:44Z"),
            stored,
        ] {
            event.occurred_at = moved;
            let read = event.metadata().unwrap();
            assert_eq!(read.timestamp, Some(moved));
            assert_eq!(read.command_id, history[0].metadata().unwrap().command_id);
        }
        let sent = Metadata::new()
            .timestamp(stored)
            .correlation_id(CommandId::new().into());
        event.metadata = intent_runtime::store::EncodedMetadata::new(sent)
            .unwrap()
            .into();
        event.occurred_at = time("2013-10-01T00:38:44Z");
        assert_eq!(event.metadata().unwrap().timestamp, Some(event.occurred_at));
    })
    .await;
}
