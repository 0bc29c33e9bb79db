//! A state is shown field by field, whatever traits the fields' types have.

use intent_runtime::{model::Shown, prelude::*};
use serde_json::json;

use super::domain::*;
use crate::dispatch::fixture::on_store_of_each_kind;

#[tokio::test]
async fn a_field_is_json_or_debug_or_its_type() {
    on_store_of_each_kind(shop, async |app| {
        let id = placed(&app).await;
        app.send_json("Order", "Add", &add(id, &["a"]), SendOptions::new())
            .await
            .unwrap();
        let text = String::from("x");
        app.send(Note { id, key: 7, text }).await.unwrap();

        let view = app.load_json("Order", id, AsOf::Now).await.unwrap();
        assert_eq!((view.aggregate, view.version), ("Order", Version::new(3)));
        let names: Vec<&str> = view.state.iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            [
                "id", "customer", "lines", "notes", "pairs", "trail", "secret"
            ]
        );
        // JSON has no keys of two numbers, so the map is shown by its `Debug`.
        assert!(matches!(view.state.get("pairs"), Some(Shown::Debug(_))));
        assert!(matches!(view.state.get("secret"), Some(Shown::Type(_))));
        assert_eq!(
            serde_json::to_value(&view).unwrap(),
            json!({
                "aggregate": "Order", "id": id, "version": 3,
                "state": {
                    "id": id,
                    "customer": "Ada",
                    "lines": [{ "article": "a", "price": { "cents": 5 } }],
                    "notes": { "7": "x" },
                    "pairs": "{(7, 7): 1}",
                    "trail": "Trail([\"placed\"])",
                    "secret": std::any::type_name::<Secret>(),
                },
            })
        );
    })
    .await;
}

#[tokio::test]
async fn a_state_with_snapshots_is_shown_as_they_are() {
    on_store_of_each_kind(shop, async |app| {
        let id = Id::<Meter>::new();
        app.send(Begin {
            id,
            reading: u64::MAX,
        })
        .await
        .unwrap();
        let view = app.load_json("Meter", id, AsOf::Now).await.unwrap();
        let text = serde_json::to_string(&view.state).unwrap();
        assert_eq!(
            text,
            format!(r#"{{"id":"{id}","value":18446744073709551615}}"#)
        );
    })
    .await;
}

#[tokio::test]
async fn a_state_is_shown_as_it_was() {
    on_store_of_each_kind(shop, async |app| {
        let id = placed(&app).await;
        app.send_json("Order", "Add", &add(id, &["a"]), SendOptions::new())
            .await
            .unwrap();
        let shown = async |as_of| app.load_json("Order", id, as_of).await;
        let first = shown(AsOf::Version(Version::FIRST)).await.unwrap();
        assert_eq!(first.version, Version::FIRST);
        let last = shown(AsOf::Recorded(Timestamp::MAX)).await.unwrap();
        assert_eq!(last.version, Version::new(2));
        let error = shown(AsOf::Occurred(Timestamp::MIN)).await.unwrap_err();
        assert!(
            error.to_string().contains("did not exist yet at"),
            "{error}"
        );
        let error = shown(AsOf::Version(Version::new(3))).await.unwrap_err();
        assert_eq!(error.kind(), "no_such_version");

        // The typed loads take the same moments.
        assert_eq!(
            app.load_as_of(id, AsOf::Now).await.unwrap().version(),
            Version::new(2)
        );
        let first = app
            .load_as_of(id, AsOf::Version(Version::FIRST))
            .await
            .unwrap();
        assert_eq!(first.version(), Version::FIRST);
    })
    .await;
}
