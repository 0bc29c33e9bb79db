//! Appends to a stream without a load, as a program's own log needs them.

use intent_runtime::{
    error::AppendError,
    prelude::*,
    store::{AggregateType, Append, Appended, EncodedMetadata, Expect, NewEvent, StreamId},
};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{
    domain::*,
    fixture::{Fault, Interposed, domain, on_every_store, opened},
};

fn noted(command_id: CommandId, stream: &StreamId) -> Append {
    let note = RawValue::from_string(r#"{"what":"paid"}"#.into()).unwrap();
    let events = vec![NewEvent::new("Noted", 1, note)];
    let metadata = EncodedMetadata::new(Metadata::new()).unwrap();
    Append::new(stream.clone(), Expect::Any, command_id, events, metadata)
}

fn own_stream() -> StreamId {
    StreamId {
        tenant_id: TenantId::DEFAULT,
        aggregate_type: "Notes".into(),
        aggregate_id: intent_runtime::AggregateId::from_uuid(Uuid::now_v7()),
    }
}

fn version(appended: &Appended) -> u64 {
    match appended {
        Appended::Stored { version, .. } => version.get(),
        Appended::Before(events) => panic!("it was there: {events:?}"),
    }
}

#[tokio::test]
async fn events_are_appended_whatever_the_stream_has() {
    on_every_store(async |app| {
        let (own, first) = (own_stream(), CommandId::new());
        for (command, expected) in [(first, 1), (CommandId::new(), 2)] {
            let appended = app.append(noted(command, &own)).await.unwrap();
            assert_eq!(version(&appended), expected);
        }
        match app.append(noted(first, &own)).await.unwrap() {
            Appended::Before(events) => assert_eq!(events[0].version, Version::FIRST),
            stored => panic!("one command id has one effect: {stored:?}"),
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_noted_under_a_commands_id_keeps_the_command_from_being_sent() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let (noted_id, sent_id) = (CommandId::new(), CommandId::new());
        let own = own_stream();
        let deposit = async |command_id| {
            let options = SendOptions::new().command_id(command_id);
            app.send_with(Deposit { id, amount: 1 }, options).await
        };
        app.append(noted(noted_id, &own)).await.unwrap();
        let sent = deposit(noted_id).await;
        let is_reused = matches!(sent, Err(SendError::CommandIdReused { .. }));
        assert!(is_reused, "{sent:?}");
        deposit(sent_id).await.unwrap();
        let noted = app.append(noted(sent_id, &own)).await;
        let is_reused = matches!(
            noted,
            Err(AppendError::Store(StoreError::CommandIdReused { .. }))
        );
        assert!(is_reused, "{noted:?}");
    })
    .await;
}

#[tokio::test]
async fn an_append_whose_answer_is_lost_is_stored_once() {
    for fault in [Fault::LostBefore, Fault::LostAfter] {
        let store = Interposed::default();
        let app = App::on(store.clone(), domain()).await.unwrap();
        let (own, command) = (own_stream(), CommandId::new());
        store.next(fault);
        app.append(noted(command, &own)).await.unwrap();
        let next = app.append(noted(CommandId::new(), &own)).await.unwrap();
        assert_eq!(version(&next), 2);
    }
}

#[tokio::test]
async fn only_commands_append_to_an_aggregate_of_the_domain() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let stream = StreamId::of(TenantId::DEFAULT, id);
        // A type can be named as text, by any of its names, and a type of its own can have one as a former name.
        const FORMERLY: &[&str] = &["Account"];
        let by_text = AggregateType::from(String::from("Account"));
        for aggregate_type in [
            AggregateType::of::<Account>(),
            by_text,
            AggregateType::renamed("Notes", &FORMERLY),
        ] {
            let stream = StreamId {
                aggregate_type,
                ..stream.clone()
            };
            let refused = app.append(noted(CommandId::new(), &stream)).await;
            let is_told =
                matches!(&refused, Err(AppendError::Aggregate { stream: of }) if *of == stream);
            assert!(is_told, "{refused:?}");
        }
        assert_eq!(app.load(id).await.unwrap().version(), Version::FIRST);
    })
    .await;
}

#[tokio::test]
async fn a_tenant_appends_to_its_own_streams_only() {
    on_every_store(async |app| {
        let branch = app.tenant(TenantId::from_name("eindhoven"));
        let own = StreamId {
            tenant_id: branch.id(),
            ..own_stream()
        };
        branch.append(noted(CommandId::new(), &own)).await.unwrap();
        let refused = app.append(noted(CommandId::new(), &own)).await.unwrap_err();
        assert!(
            matches!(&refused, AppendError::OtherTenant { tenant_id, .. } if *tenant_id == app.id()),
            "{refused:?}"
        );
    })
    .await;
}
