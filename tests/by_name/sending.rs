//! A command that is sent by its name is the command that is sent by its type.

use intent_runtime::{ByNameError, error::Reused, prelude::*};
use serde_json::json;

use super::domain::*;
use crate::dispatch::fixture::on_store_of_each_kind;

#[tokio::test]
async fn it_is_stored_as_if_sent_by_its_type() {
    on_store_of_each_kind(shop, async |app| {
        let id = Id::<Order>::new();
        let json = json!({ "id": id, "customer": "Ada" }).to_string();
        let options = SendOptions::new().metadata(Metadata::new().request_id("7f3a"));
        let sent = app
            .send_json("Order", "Place", &json, options)
            .await
            .unwrap();
        assert_eq!((sent.aggregate, sent.version), ("Order", Version::FIRST));
        assert_eq!(sent.id, id.into());
        let shown = serde_json::to_value(&sent).unwrap();
        assert_eq!(
            shown["events"],
            json!([{ "name": "Placed", "schema_version": 1, "payload": { "customer": "Ada" } }])
        );

        let history = app.history(id).await.unwrap();
        let metadata = history[0].metadata().unwrap();
        assert_eq!(metadata.command.as_deref(), Some("Place"));
        assert_eq!(metadata.command_id, Some(sent.command_id));
        assert_eq!(metadata.request_id.as_deref(), Some("7f3a"));
        assert!(metadata.timestamp.is_some());
    })
    .await;
}

#[tokio::test]
async fn it_and_the_typed_command_are_one_under_one_id() {
    on_store_of_each_kind(shop, async |app| {
        let id = placed(&app).await;
        let key = || SendOptions::new().command_id(CommandId::from_key("1"));
        let by_name = app.send_json("Order", "Note", &note(id, "x"), key()).await;
        let first = by_name.unwrap();
        assert!(!first.repeated);
        let text = String::from("x");
        let again = app
            .send_with(Note { id, key: 1, text }, key())
            .await
            .unwrap();
        assert!(again.repeated);
        assert_eq!(again.version, first.version);

        let other = app.send_json("Order", "Note", &note(id, "y"), key()).await;
        let ByNameError::Send(SendError::CommandIdReused { reused, .. }) = other.unwrap_err()
        else {
            panic!("another content under the same id is another command");
        };
        assert_eq!(reused, Reused::Content);
    })
    .await;
}

fn note(id: Id<Order>, text: &str) -> String {
    json!({ "text": text, "key": 1, "id": id }).to_string()
}

#[tokio::test]
async fn a_kept_state_is_shared_with_typed_commands() {
    on_store_of_each_kind(shop, async |app| {
        let id = placed(&app).await;
        for articles in [["a", "b"].as_slice(), &["c"]] {
            let json = add(id, articles);
            app.send_json("Order", "Add", &json, SendOptions::new())
                .await
                .unwrap();
        }
        let lines = vec![Line {
            article: "d".into(),
            price: Money::default(),
        }];
        let refused = app.send(Add { id, lines }).await.unwrap_err();
        assert!(matches!(
            refused,
            SendError::Rejected(Declined::TooMany { limit: 3 })
        ));
        let nothing = app
            .send_json("Order", "Add", &add(id, &[]), SendOptions::new())
            .await;
        let nothing = nothing.unwrap();
        assert!(nothing.events.is_empty());
        assert_eq!(nothing.version, Version::new(3));
    })
    .await;
}

#[tokio::test]
async fn an_actor_sends_what_its_roles_allow() {
    on_store_of_each_kind(shop, async |app| {
        let id = placed(&app).await;
        let json = json!({ "id": id }).to_string();
        let send = async |role| {
            let actor = app.acting(Actor::new("ada").role(role));
            actor
                .send_json("Order", "Cancel", &json, SendOptions::new())
                .await
        };
        let error = send("clerk").await.unwrap_err();
        assert_eq!(error.kind(), "forbidden");
        assert_eq!(
            error.to_string(),
            "ada may not send `Cancel` to Order: the actor has the role `clerk`, and the command needs `manager`"
        );
        let version = send("manager").await.unwrap().version;
        assert_eq!(version, Version::new(2));
        let history = app.history(id).await.unwrap();
        let metadata = history[1].metadata().unwrap();
        assert_eq!(metadata.actor.as_deref(), Some("ada"));
        assert_eq!(metadata.role.as_deref(), Some("manager"));
        assert_eq!(metadata.command.as_deref(), Some("Cancel"));
    })
    .await;
}

#[tokio::test]
async fn tenants_stay_apart() {
    on_store_of_each_kind(shop, async |app| {
        let id = placed(&app).await;
        let other = app.tenant(TenantId::from_name("other"));
        let sent = other
            .send_json("Order", "Add", &add(id, &["a"]), SendOptions::new())
            .await;
        assert_eq!(sent.unwrap_err().kind(), "not_found");
        let loaded = other.load_json("Order", id, AsOf::Now).await;
        assert_eq!(loaded.unwrap_err().kind(), "not_found");
        let history = other.history_json("Order", id, Version::NONE, 10).await;
        assert_eq!(history.unwrap_err().kind(), "not_found");
    })
    .await;
}
