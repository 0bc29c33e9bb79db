//! Mistakes by name: which name, and where in the JSON.

use intent_runtime::prelude::*;
use serde_json::json;

use super::domain::*;
use crate::dispatch::fixture::on_store_of_each_kind;

#[tokio::test]
async fn an_unknown_name_gets_the_nearest_one() {
    on_store_of_each_kind(shop, async |app| {
        let send = async |aggregate, command| {
            let sent = app.send_json(aggregate, command, "{}", SendOptions::new()).await;
            sent.unwrap_err()
        };
        let error = send("Ordr", "Add").await;
        assert_eq!(error.to_string(), "the domain has no aggregate `Ordr`: did you mean `Order`?");
        assert_eq!(
            serde_json::to_value(&error).unwrap(),
            json!({ "kind": "unknown", "message": error.to_string(), "causes": [], "nearest": "Order" })
        );
        let error = send("Zebra", "Add").await;
        assert_eq!(error.to_string(), "the domain has no aggregate `Zebra`");
        let error = send("Order", "Cancle").await;
        assert_eq!(error.to_string(), "Order has no command `Cancle`: did you mean `Cancel`?");
        // A command of another aggregate is not a command of this one.
        let error = send("Meter", "Cancel").await;
        assert_eq!(error.to_string(), "Meter has no command `Cancel`");
        let error = app.load_json("Metre", Id::<Meter>::new(), AsOf::Now).await.unwrap_err();
        assert_eq!(error.to_string(), "the domain has no aggregate `Metre`: did you mean `Meter`?");
    })
    .await;
}

/// The path and the cause of the error that a command's JSON leads to.
async fn mistake(app: &App, command: &str, json: &str) -> (String, String) {
    let error = app
        .decide_json("Order", command, json, AsOf::Now)
        .await
        .unwrap_err();
    match error {
        ByNameError::InvalidJson { path, source, .. } => (path, source.to_string()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_does_not_fit_is_named_by_its_path() {
    let app = App::connect("memory:", shop()).await.unwrap();
    let id = Id::<Order>::new();
    let lines = |lines: &str| {
        format!("{{\n \"note\": \"ä \\\" {{[\", \"id\": \"{id}\",\n \"lines\": {lines}}}")
    };
    let good = r#"{"article": "é]", "price": {"cents": 1}}"#;
    for (json, path, cause) in [
        (
            lines(r#"[{"article": "a", "price": {"cents": "x"}}]"#),
            "lines[0].price.cents",
            "invalid type: string \"x\", expected i64",
        ),
        (
            lines(&format!(
                r#"[{good}, {good}, {{"article": "é", "price": {{"cents": 1.5}}}}]"#
            )),
            "lines[2].price.cents",
            "invalid type: floating point `1.5`, expected i64",
        ),
        (
            lines(&format!("[{good},\n{{\"price\": [], \"article\": 7}}]")),
            "lines[1].price",
            "invalid length 0",
        ),
        (
            lines(r#"[{"article": "a", "price": {}}]"#),
            "lines[0].price",
            "missing field `cents`",
        ),
        (
            lines(r#"[{"article": "a"}]"#),
            "lines[0]",
            "missing field `price`",
        ),
        (
            lines("{}"),
            "lines",
            "invalid type: map, expected a sequence",
        ),
        (
            lines("null"),
            "lines",
            "invalid type: null, expected a sequence",
        ),
        (format!(r#"{{"id": "{id}"}}"#), "", "missing field `lines`"),
        (
            r#"{"id": "7", "lines": []}"#.into(),
            "id",
            "UUID parsing failed",
        ),
        ("[]".into(), "", "invalid length 0"),
        ("".into(), "", "EOF while parsing a value"),
        ("7 8".into(), "", "invalid type: integer `7`"),
    ] {
        let (found, source) = mistake(&app, "Add", &json).await;
        assert_eq!(found, path, "{json}: {source}");
        assert!(source.contains(cause), "{source}");
    }
    let json = format!(r#"{{"id": "{id}", "key": 3000000000, "text": "x"}}"#);
    let (path, source) = mistake(&app, "Note", &json).await;
    assert_eq!(path, "key");
    assert!(source.starts_with("invalid value: integer `3000000000`, expected i32"));
}

#[tokio::test]
async fn a_field_that_the_command_does_not_have_is_refused() {
    let app = App::connect("memory:", shop()).await.unwrap();
    let id = Id::<Order>::new();
    let json = format!(r#"{{"id": "{id}", "key": 1, "txt": "x"}}"#);
    let (path, source) = mistake(&app, "Note", &json).await;
    assert_eq!(path, "txt");
    assert_eq!(
        source,
        "unknown field `txt`, expected one of `id`, `key`, `text`, `what`"
    );

    // Another name of a field is known, and a flattened field may take any.
    let place = format!(r#"{{"id": "{id}", "customer": "Ada"}}"#);
    let sent = app.send_json("Order", "Place", &place, SendOptions::new());
    sent.await.unwrap();
    let note = format!(r#"{{"id": "{id}", "key": 1, "what": "x"}}"#);
    let remark = format!(r#"{{"order": "{id}", "hint": "x", "more": 1}}"#);
    for (command, json) in [("Note", note), ("Remark", remark)] {
        let sent = app.send_json("Order", command, &json, SendOptions::new());
        let sent = sent.await.unwrap();
        let event = serde_json::to_value(&sent.events[0]).unwrap();
        assert_eq!(event["payload"]["text"], "x", "{command}");
    }
}

#[tokio::test]
async fn the_error_reads_as_a_sentence_and_as_json() {
    let app = App::connect("memory:", shop()).await.unwrap();
    let json = json!({ "id": Id::<Order>::new(), "key": "x", "text": "" }).to_string();
    let sent = app
        .send_json("Order", "Note", &json, SendOptions::new())
        .await;
    let error = sent.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the JSON of `Note` to Order does not fit at `key`"
    );
    let shown = serde_json::to_value(&error).unwrap();
    assert_eq!(shown["kind"], "invalid_json");
    assert_eq!(shown["path"], "key");
    let cause = shown["causes"][0].as_str().unwrap();
    assert!(cause.starts_with("invalid type: string \"x\", expected i32 at line 1"));
    assert_eq!(format!("{error:?}"), format!("{error}: {cause}"));
}
