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
            lines(&format!(
                "[{good},\n{{\"price\": [5], \"article\": \"b\"}}]"
            )),
            "lines[1].price",
            "invalid type: sequence, expected struct Money at line 4 column 11",
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
        (
            "[]".into(),
            "",
            "invalid type: sequence, expected struct Add",
        ),
        (
            lines("[{\"article\": tru}]"),
            "lines[0].article",
            "expected ident at line 3",
        ),
        (
            lines(&format!("[{good} {good}]")),
            "lines[1]",
            "expected `,` or `]` at line 3",
        ),
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

/// A command that carries `ways` and `fees`.
fn weighing(ways: &str, fees: &str) -> String {
    let id = Id::<Order>::new();
    format!(
        r#"{{"id": "{id}", "fees": {fees}, "ways": {ways}, "measures": null, "at": "2026-01-02T03:04:05Z", "rest": null}}"#
    )
}

#[tokio::test]
async fn a_field_that_a_value_does_not_have_is_refused_wherever_it_is() {
    let app = App::connect("memory:", shop()).await.unwrap();
    let id = Id::<Order>::new();
    let add = |line: &str| format!(r#"{{"id": "{id}", "lines": [{line}]}}"#);
    let ways = |ways: &str| weighing(ways, "{}");
    for (command, json, path, cause) in [
        (
            "Add",
            add(r#"{"article": "a", "price": {"cents": 1, "cent": 2}}"#),
            "lines[0].price.cent",
            "unknown field `cent`, expected `cents`",
        ),
        (
            "Add",
            add(r#"{"article": "a", "price": {"cents": 1}, "it's": 2}"#),
            r#"lines[0]["it's"]"#,
            "unknown field `it's`, expected `article` or `price`",
        ),
        (
            "Weigh",
            weighing("[]", r#"{"7": {"cents": 1, "euros": 2}}"#),
            "fees.7.euros",
            "unknown field `euros`, expected `cents`",
        ),
        (
            "Weigh",
            ways(r#"["Collected", {"Post": {"city": "Bonn", "zip": 1}}]"#),
            "ways[1].Post.zip",
            "unknown field `zip`, expected `city`",
        ),
        (
            "Weigh",
            ways(r#"[{"Courier": {"name": "x", "fee": {"cents": 1, "c": 1}}}]"#),
            "ways[0].Courier.fee.c",
            "unknown field `c`, expected `cents`",
        ),
        (
            "Weigh",
            ways(r#"[{"Courier": {"name": "x", "fees": 1}}]"#),
            "ways[0].Courier.fees",
            "unknown field `fees`, expected `name` or `fee`",
        ),
        // Values that are no fields.
        (
            "Weigh",
            ways(r#"["Ship"]"#),
            "ways[0]",
            "unknown variant `Ship`",
        ),
        (
            "Weigh",
            ways(r#"["Post"]"#),
            "ways[0]",
            "invalid type: unit variant, expected newtype variant",
        ),
        (
            "Weigh",
            ways(r#"[{"Post": 1, "Shared": 2}]"#),
            "ways[0]",
            "invalid type: map, expected the name of a variant",
        ),
        (
            "Weigh",
            ways(r#"[{"Collected": 1}]"#),
            "ways[0].Collected",
            "invalid type: integer `1`, expected unit",
        ),
        (
            "Weigh",
            ways(r#"[{"Shared": ["a", 1, 2]}]"#),
            "ways[0].Shared",
            "invalid length 3",
        ),
        (
            "Weigh",
            weighing("[]", r#"{"x": {"cents": 1}}"#),
            "fees.x",
            "invalid type: string \"x\", expected i32",
        ),
        // One of two values would be lost.
        (
            "Weigh",
            weighing("[]", r#"{"7": {"cents": 1}, "7": {"cents": 2}}"#),
            "fees.7",
            "duplicate field `7`",
        ),
        (
            "Add",
            add(r#"{"article": "a", "article": "b"}"#),
            "lines[0].article",
            "duplicate field `article`",
        ),
    ] {
        let (found, source) = mistake(&app, command, &json).await;
        assert_eq!(found, path, "{json}: {source}");
        assert!(source.starts_with(cause), "{json}: {source}");
    }
}

#[tokio::test]
async fn values_that_lie_too_deep_in_one_another_are_refused() {
    let app = App::connect("memory:", shop()).await.unwrap();
    for depth in [200, 100_000] {
        let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let json = weighing("[]", "{}").replace(r#""rest": null"#, &format!(r#""rest": {deep}"#));
        let (path, source) = mistake(&app, "Weigh", &json).await;
        assert!(path.starts_with("rest[0][0]"), "{path}");
        assert!(source.starts_with("recursion limit exceeded"), "{source}");
    }
}

#[tokio::test]
async fn values_of_every_shape_are_read_as_serde_json_reads_them() {
    let app = App::connect("memory:", shop()).await.unwrap();
    let id = placed(&app).await;
    let ways = r#"["Collected", {"Collected": null}, {"Post": {"city": "\u00e9\n"}}, {"Courier": {"name": "x"}}, {"Shared": ["a", 1]}]"#;
    // Between two f32, where rounding to an f64 first gives the other one.
    let measures = "[1.00000017881393421514957253748434595763683319091796875001, 1e22, 340282366920938463463374607431768211455]";
    let rest = r#"{"a": [null, true, -7, 18446744073709551615, 0.1, 1e3], "b": {"c": ""}}"#;
    let json = format!(
        r#" {{"id": "{id}", "fees": {{"-7": {{"cents": -1}}, "8": {{"cents": 1}}}}, "ways": {ways},
           "measures": {measures}, "at": "2026-01-02T03:04:05+01:00", "rest": {rest}}} "#
    );
    let typed: Weigh = serde_json::from_str(&json).unwrap();
    let sent = app
        .send_json("Order", "Weigh", &json, SendOptions::new())
        .await
        .unwrap();
    let by_name = serde_json::to_value(&sent.events[0]).unwrap()["payload"]["text"].clone();
    let by_type = app.send(typed).await.unwrap().events;
    let [OrderEvent::Noted(noted)] = by_type.as_slice() else {
        panic!("{by_type:?}");
    };
    assert_eq!(by_name, noted.text);
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
