//! Histories by name come in pages, as stored and as read today.

use std::sync::atomic::Ordering;

use intent_runtime::prelude::*;
use serde_json::json;

use super::domain::*;
use crate::dispatch::fixture::{Interposed, append_raw_to, on_store_of_each_kind};

#[tokio::test]
async fn pages_follow_each_other_to_the_end() {
    on_store_of_each_kind(shop, async |app| {
        let id = placed(&app).await;
        for key in 2..=5 {
            let text = String::from("x");
            app.send(Note { id, key, text }).await.unwrap();
        }
        let (mut after, mut versions, mut pages) = (Version::NONE, Vec::new(), 0);
        loop {
            let page = app.history_json("Order", id, after, 2).await.unwrap();
            assert!(page.events.len() <= 2);
            versions.extend(page.events.iter().map(|event| event.stored.version.get()));
            pages += 1;
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        assert_eq!((versions, pages), (vec![1, 2, 3, 4, 5], 3));
        let beyond = app
            .history_json("Order", id, Version::new(5), 2)
            .await
            .unwrap();
        assert!(beyond.events.is_empty() && beyond.next.is_none());
        let one = app
            .history_json("Order", id, Version::NONE, 0)
            .await
            .unwrap();
        assert_eq!(one.events.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_page_of_a_long_history_does_not_ask_for_the_rest() {
    let store = Interposed::default();
    let app = App::on(store.clone(), shop()).await.unwrap();
    let id = placed(&app).await;
    let page = app.history_json("Order", id, Version::NONE, 2).await;
    assert_eq!(page.unwrap().events.len(), 1);
    assert_eq!(
        store.asked.load(Ordering::Relaxed),
        3,
        "the page, and one behind it"
    );
}

#[tokio::test]
async fn an_event_is_shown_as_stored_and_as_read() {
    on_store_of_each_kind(shop, async |app| {
        let id = placed(&app).await;
        let stream = intent_runtime::store::StreamId::of(app.id(), id);
        append_raw_to(&app, &stream, 1, ("Added", 1), r#"{"lines": []}"#).await;
        append_raw_to(&app, &stream, 2, ("Flagged", 1), "{}").await;
        append_raw_to(&app, &stream, 3, ("Unheard", 1), "{}").await;

        let page = app.history_json("Order", id, Version::NONE, 10).await.unwrap();
        let shown = serde_json::to_value(&page).unwrap();
        let events = shown["events"].as_array().unwrap();
        assert_eq!(events.len(), 4);
        assert_eq!(events[0]["metadata"]["command"], "Place");
        assert_eq!(events[1]["schema_version"], 1);
        assert_eq!(events[1]["payload"], json!({ "lines": [] }));
        assert_eq!(
            events[1]["today"],
            json!([{ "name": "Added", "schema_version": 2, "payload": { "lines": [], "channel": "counter" } }])
        );
        assert_eq!(events[2]["today"], json!([]));
        let reason = events[3]["unreadable"].as_str().unwrap();
        assert!(reason.starts_with(&format!("`Unheard` in schema version 1, event 4 of Order {id}")));
        assert!(events[3].get("today").is_none());
        assert!(serde_json::to_string(&page.events[1]).unwrap().contains(r#"{"lines": []}"#));
    })
    .await;
}
