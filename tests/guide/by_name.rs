//! Chapter "By name".

// ANCHOR: uses
use intent_runtime::{AggregateId, HistoryPage, Proposed, Sent, Tried, prelude::*};
use serde_json::json;
// ANCHOR_END: uses

use super::commands::{Account, Open};

// ANCHOR: handler
/// `POST /commands/{aggregate}/{command}`: any command of the domain, for a person.
async fn command(
    app: &App,
    actor: Actor,
    (aggregate, command): (&str, &str),
    body: &str,
) -> Result<Sent, (u16, String)> {
    let acting = app.acting(actor);
    let sent = acting.send_json(aggregate, command, body, SendOptions::new());
    sent.await.map_err(|error| {
        let status = match error.kind() {
            "unknown" | "not_found" => 404,
            "invalid_json" | "rejected" => 422,
            "forbidden" => 403,
            "already_exists" | "conflict" => 409,
            _ => 500,
        };
        // `ByNameError` is JSON: kind, message, causes, and the refusal or the path where there is one.
        (status, serde_json::to_string(&error).unwrap_or_default())
    })
}
// ANCHOR_END: handler

async fn bank() -> (App, Id<Account>) {
    let app = App::connect("memory:", Domain::of::<Account>())
        .await
        .unwrap();
    let id = Id::new();
    let owner = String::from("Ada");
    app.send(Open { id, owner }).await.unwrap();
    (app, id)
}

#[tokio::test]
async fn what_it_says_of_sending_and_trying() {
    let (app, id) = bank().await;
    // ANCHOR: send
    let json = json!({ "id": id, "amount": 5 }).to_string();
    let sent: Sent = app
        .send_json("Account", "Deposit", &json, SendOptions::new())
        .await
        .unwrap();
    assert_eq!(
        (sent.version, sent.events[0].name),
        (Version::new(2), "Deposited")
    );
    // ANCHOR_END: send

    // ANCHOR: decide
    let json = json!({ "id": id, "amount": 7 }).to_string();
    let tried: Tried = app
        .decide_json("Account", "Withdraw", &json, AsOf::Now)
        .await
        .unwrap();
    match tried.outcome {
        Ok(Proposed { events, .. }) => panic!("it would store {events:?}"),
        Err(refused) => assert!(matches!(refused, SendError::Rejected(_)), "{refused}"),
    }
    assert_eq!(tried.version, Version::new(2));
    // ANCHOR_END: decide

    let text = id.to_string();
    // ANCHOR: load
    let account: AggregateId = text.parse().unwrap();
    let first = AsOf::Version(Version::FIRST);
    let view: StateView = app.load_json("Account", account, first).await.unwrap();
    let shown = serde_json::to_value(&view).unwrap();
    assert_eq!(shown["state"]["balance"], 0);
    // ANCHOR_END: load

    // ANCHOR: history
    let mut after = Version::NONE;
    loop {
        let page: HistoryPage = app.history_json("Account", id, after, 100).await.unwrap();
        for event in &page.events {
            println!("{}", serde_json::to_string(event).unwrap());
        }
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    // ANCHOR_END: history

    // ANCHOR: mistakes
    let send = async |command, json| {
        let sent = app
            .send_json("Account", command, json, SendOptions::new())
            .await;
        format!("{:?}", sent.unwrap_err())
    };
    assert_eq!(
        send("Depsoit", "{}").await,
        "Account has no command `Depsoit`: did you mean `Deposit`?"
    );
    let json = json!({ "id": id, "amount": "five" }).to_string();
    assert!(send("Deposit", &json).await.starts_with(
        "the JSON of `Deposit` to Account does not fit at `amount`: invalid type: string \"five\", expected i64"
    ));
    // ANCHOR_END: mistakes
}

#[tokio::test]
async fn a_handler_takes_every_command() {
    let (app, id) = bank().await;
    let post =
        async |name, body: &str| command(&app, Actor::new("ada"), ("Account", name), body).await;
    let body = json!({ "id": id, "amount": 5 }).to_string();
    assert_eq!(
        post("Deposit", &body).await.unwrap().version,
        Version::new(2)
    );
    let (status, answer) = post("Deposit", "{}").await.unwrap_err();
    assert_eq!(status, 422);
    assert!(
        answer.starts_with(r#"{"kind":"invalid_json","message":"#),
        "{answer}"
    );
    // A field of the command is missing.
    assert!(answer.contains(r#""path":"""#), "{answer}");
    assert_eq!(post("Depsoit", &body).await.unwrap_err().0, 404);
    let body = json!({ "id": Id::<Account>::new(), "amount": 5 }).to_string();
    assert_eq!(post("Deposit", &body).await.unwrap_err().0, 404);
}
