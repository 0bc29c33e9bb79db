//! A dry run decides as sending does, on a state of now or then, and stores nothing.

use intent_runtime::prelude::*;
use serde_json::{Value, json};

use super::domain::*;
use crate::dispatch::fixture::on_store_of_each_kind;

async fn tried(app: &App, command: &str, json: &str, as_of: AsOf) -> Value {
    let tried = app.decide_json("Order", command, json, as_of).await;
    serde_json::to_value(tried.unwrap()).unwrap()
}

#[tokio::test]
async fn it_shows_events_and_states_and_stores_nothing() {
    on_store_of_each_kind(shop, async |app| {
        let id = placed(&app).await;
        let shown = tried(&app, "Add", &add(id, &["a"]), AsOf::Now).await;
        assert_eq!(shown["version"], 1);
        assert_eq!(shown["before"]["state"]["lines"], json!([]));
        assert_eq!(shown["events"][0]["name"], "Added");
        assert_eq!(shown["events"][0]["schema_version"], 2);
        assert_eq!(shown["events"][0]["payload"]["channel"], "web");
        assert_eq!(shown["after"]["version"], 2);
        assert_eq!(shown["after"]["state"]["lines"][0]["article"], "a");

        assert_eq!(app.history(id).await.unwrap().len(), 1);
        assert_eq!(app.load(id).await.unwrap().lines, []);
    })
    .await;
}

#[tokio::test]
async fn it_is_decided_on_the_version_or_time_asked_for() {
    on_store_of_each_kind(shop, async |app| {
        let id = placed(&app).await;
        for articles in [["a", "b"].as_slice(), &["c"]] {
            let json = add(id, articles);
            app.send_json("Order", "Add", &json, SendOptions::new())
                .await
                .unwrap();
        }
        let one_more = add(id, &["d"]);
        let now = tried(&app, "Add", &one_more, AsOf::Now).await;
        assert_eq!(now["version"], 3);
        assert_eq!(
            now["refused"],
            json!({
                "kind": "rejected", "message": "more than 3 lines", "causes": [],
                "refusal": { "TooMany": { "limit": 3 } },
            })
        );
        assert!(now.get("events").is_none());
        let then = tried(&app, "Add", &one_more, AsOf::Version(Version::new(2))).await;
        assert_eq!(
            (&then["version"], &then["after"]["version"]),
            (&json!(2), &json!(3))
        );
        let second = &app.history(id).await.unwrap()[1];
        for time in [
            AsOf::Recorded(second.recorded_at()),
            AsOf::Occurred(second.occurred_at()),
        ] {
            let shown = tried(&app, "Add", &one_more, time).await;
            assert!(shown["version"].as_u64() >= Some(2), "{shown}");
        }
        let before = AsOf::Recorded(Timestamp::MIN);
        let shown = tried(&app, "Add", &one_more, before).await;
        assert_eq!(shown["version"], 0);
        assert_eq!(shown["refused"]["kind"], "not_found");
        let place = json!({ "id": id, "customer": "Eve" }).to_string();
        assert_eq!(
            tried(&app, "Place", &place, before).await["after"]["version"],
            1
        );
        assert_eq!(
            tried(&app, "Place", &place, AsOf::Now).await["refused"]["kind"],
            "already_exists"
        );

        let beyond = AsOf::Version(Version::new(4));
        let error = app
            .decide_json("Order", "Add", &one_more, beyond)
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("Order {id} has no version 4, its last one is 3")
        );
    })
    .await;
}

#[tokio::test]
async fn a_refusal_without_serde_is_its_text_and_causes() {
    on_store_of_each_kind(shop, async |app| {
        let id = placed(&app).await;
        app.send_json("Order", "Add", &add(id, &["a"]), SendOptions::new())
            .await
            .unwrap();
        let json = json!({ "id": id }).to_string();
        let shown = tried(&app, "Cancel", &json, AsOf::Now).await;
        let cause = std::fmt::Error.to_string();
        let refused =
            json!({ "kind": "rejected", "message": "there are lines", "causes": [cause] });
        assert_eq!(shown["refused"], refused);
    })
    .await;
}

#[tokio::test]
async fn a_typed_refusal_can_be_had_back() {
    let app = App::connect("memory:", shop()).await.unwrap();
    let id = placed(&app).await;
    let json = add(id, &["a", "b", "c", "d"]);
    let error = app
        .send_json("Order", "Add", &json, SendOptions::new())
        .await
        .unwrap_err();
    let ByNameError::Send(SendError::Rejected(refusal)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(
        refusal.downcast_ref(),
        Some(&Declined::TooMany { limit: 3 })
    );
    assert_eq!(refusal.json().unwrap().get(), r#"{"TooMany":{"limit":3}}"#);
}
