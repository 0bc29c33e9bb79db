//! What the service of the chapter answers.

use axum::{
    Extension,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use intent_runtime::prelude::*;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use tower::ServiceExt;

use super::{ApiError, router, serve};
use crate::guide::{
    acting::{Close, Open as OpenTill, Till},
    commands::{Account, Deposit, Open, Withdraw},
};

async fn bank() -> App {
    let domain = Domain::of::<Account>()
        .aggregate::<Till>()
        .roles(["teller", "manager"]);
    App::connect("memory:", domain).await.unwrap()
}

/// What the service answers, as the person of this name.
async fn answer(app: &App, who: &str, request: Request<Body>) -> (u16, Value) {
    let router = router(app.clone()).layer(Extension(Actor::new(who)));
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 100_000).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

fn get_request(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

fn deposit_request(key: Option<&str>, id: Id<Account>, amount: i64) -> Request<Body> {
    let mut request = Request::post("/deposits").header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let body = serde_json::to_string(&Deposit { id, amount }).unwrap();
    request.body(Body::from(body)).unwrap()
}

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_client() {
    let app = bank().await;
    let id = Id::new();
    let owner = String::from("Ada");
    app.send(Open { id, owner }).await.unwrap();
    let post =
        async |who, key, id, amount| answer(&app, who, deposit_request(key, id, amount)).await;

    assert_eq!(post("web", None, id, 7).await.0, 400);
    assert_eq!(post("web", Some(""), id, 7).await.0, 400);
    let first = post("web", Some("1"), id, 7).await;
    assert_eq!(first, (200, json!({ "version": 2 })));
    assert_eq!(post("web", Some("1"), id, 7).await, first);
    let (status, body) = post("web", Some("1"), id, 8).await;
    assert_eq!(status, 422);
    assert!(body["error"].as_str().unwrap().contains("was used before"));
    assert_eq!(post("app", Some("1"), id, 7).await.0, 200);
    assert_eq!(post("web", Some("2"), Id::new(), 7).await.0, 404);
    assert_eq!(app.load(id).await.unwrap().balance, 14);
}

#[tokio::test]
async fn what_axum_refuses_is_answered_in_the_same_form() {
    let app = bank().await;
    let text = |(_, body): &(u16, Value)| body["error"].as_str().unwrap().to_owned();
    let post = |key: &[u8], body: String| {
        let request = Request::post("/deposits").header("content-type", "application/json");
        let request = request.header("idempotency-key", key);
        request.body(Body::from(body)).unwrap()
    };
    let deposit = json!({ "id": Id::<Account>::new(), "amount": 1 }).to_string();

    let found = answer(&app, "web", post(b"1", "{".into())).await;
    assert_eq!(found.0, 400, "{found:?}");
    let found = answer(&app, "web", post(b"1", r#"{"id":"7"}"#.into())).await;
    assert_eq!(found.0, 422, "{found:?}");
    let large = format!(r#"{{"id":"{}"}}"#, "7".repeat(3 << 20));
    let found = answer(&app, "web", post(b"1", large)).await;
    assert_eq!(found.0, 413, "{found:?}");
    let found = answer(&app, "web", get_request("/accounts/7")).await;
    assert_eq!(found.0, 400, "{found:?}");
    let path = format!("/accounts/{}/history?after=x", Id::<Account>::new());
    let found = answer(&app, "web", get_request(&path)).await;
    assert_eq!(found.0, 400, "{found:?}");

    let found = answer(&app, "web", post("schlüssel".as_bytes(), deposit.clone())).await;
    assert_eq!(found.0, 400);
    assert!(text(&found).ends_with("has a character that is not ASCII"));
    let found = answer(&app, "web", post(b"", deposit)).await;
    assert_eq!(found.0, 400);
    assert!(text(&found).ends_with("is missing or empty"));
}

#[tokio::test]
async fn an_id_of_another_type_is_taken_or_not_found() {
    let app = bank().await;
    let till = Id::<Till>::new();
    app.send(OpenTill { id: till }).await.unwrap();
    let id = Id::from_uuid(till.as_uuid());
    let owner = String::from("Ada");
    let post = |path: &str, body: String| {
        let request = Request::post(path).header("content-type", "application/json");
        let request = request.header("idempotency-key", path);
        request.body(Body::from(body)).unwrap()
    };
    let open = serde_json::to_string(&Open { id, owner }).unwrap();
    assert_eq!(answer(&app, "web", post("/accounts", open)).await.0, 409);
    let deposit = serde_json::to_string(&Deposit { id, amount: 1 }).unwrap();
    assert_eq!(answer(&app, "web", post("/deposits", deposit)).await.0, 404);
}

#[tokio::test]
async fn a_service_that_is_stopped_answers_and_then_closes_its_store() {
    let app = bank().await;
    let id = Id::<Account>::new();
    let owner = String::from("Ada");
    app.send(Open { id, owner }).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let stopping = async move { stopped.await.unwrap() };
    let serving = async { serve(listener, app.clone(), stopping).await.unwrap() };
    let asking = async move {
        let request = format!("GET /accounts/{id} HTTP/1.1\r\nhost: bank\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 12];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, b"HTTP/1.1 200");
        stop.send(()).unwrap();
        // The connection ends, although the client would have kept it.
        client.read_to_end(&mut answer).await.unwrap();
        assert!(answer.ends_with(b"}"), "{answer:?}");
    };
    tokio::join!(serving, asking);
    let closed = app.load(id).await.unwrap_err();
    assert!(
        matches!(closed, LoadError::Store(StoreError::Closed)),
        "{closed:?}"
    );
}

#[tokio::test]
async fn state_and_history_are_shown_as_json() {
    let app = bank().await;
    let id = Id::<Account>::new();
    let owner = String::from("Ada");
    app.send(Open { id, owner }).await.unwrap();
    answer(&app, "bo", deposit_request(Some("1"), id, 5)).await;

    let shown = answer(&app, "bo", get_request(&format!("/accounts/{id}"))).await;
    let state = json!({ "id": id, "owner": "Ada", "balance": 5, "address": null, "closed": null });
    assert_eq!(shown, (200, json!({ "version": 2, "state": state })));

    let path = format!("/accounts/{id}/history?after=1");
    let (status, mut entries) = answer(&app, "bo", get_request(&path)).await;
    assert_eq!(status, 200);
    let recorded_at = app.history(id).await.unwrap()[1].recorded_at();
    let expected = json!({
        "version": 2, "recorded_at": recorded_at, "event": "Deposited", "data": { "amount": 5 }, "actor": "bo"
    });
    assert_eq!(entries.as_array_mut().unwrap(), &[expected]);

    let unknown = Id::<Account>::new();
    let path = format!("/accounts/{unknown}/history");
    assert_eq!(answer(&app, "bo", get_request(&path)).await.0, 404);
}

#[tokio::test]
async fn each_error_has_the_status_that_says_who_can_change_it() {
    async fn status<C: Command>(app: &App, command: C, options: SendOptions) -> u16
    where
        C::Aggregate: Decide<C>,
    {
        let error = app.send_with(command, options).await.unwrap_err();
        ApiError::from(error).status.as_u16()
    }
    let app = bank().await;
    let (id, none) = (Id::new(), SendOptions::new);
    let open = |id| Open {
        id,
        owner: "Ada".into(),
    };
    app.send(open(id)).await.unwrap();
    let till = Id::<Till>::new();
    app.send(OpenTill { id: till }).await.unwrap();

    assert_eq!(status(&app, Withdraw { id, amount: 1 }, none()).await, 422);
    assert_eq!(status(&app, open(id), none()).await, 409);
    let elsewhere = none().expect_version(Version::new(7));
    assert_eq!(
        status(&app, Deposit { id, amount: 1 }, elsewhere).await,
        409
    );
    let most = Deposit {
        id,
        amount: i64::MAX,
    };
    app.send(most.clone()).await.unwrap();
    assert_eq!(status(&app, most, none()).await, 422);
    let of_a_till = Id::from_uuid(till.as_uuid());
    let deposit = |id| Deposit { id, amount: -1 };
    assert_eq!(status(&app, deposit(of_a_till), none()).await, 404);
    let error = app.load::<Account>(of_a_till).await.unwrap_err();
    assert_eq!(ApiError::from(error).status, StatusCode::NOT_FOUND);
    let large = Open {
        id: Id::new(),
        owner: "x".repeat(17 << 20),
    };
    assert_eq!(status(&app, large, none()).await, 413);
    let eve = app.acting(Actor::new("eve").role("teller"));
    let forbidden = eve.send(Close { id: till }).await.unwrap_err();
    let forbidden = ApiError::from(forbidden);
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
    assert!(
        forbidden.text.contains("eve may not send `Close`"),
        "{}",
        forbidden.text
    );
    let error = app.load_at(id, Version::new(9)).await.unwrap_err();
    assert_eq!(ApiError::from(error).status, StatusCode::NOT_FOUND);

    app.clone().close().await.unwrap();
    let closed = ApiError::from(app.load(id).await.unwrap_err());
    assert_eq!(
        (closed.status.as_u16(), closed.text.as_str()),
        (503, "Service Unavailable")
    );
    let empty = App::connect("memory:", Domain::new()).await.unwrap();
    assert_eq!(status(&empty, deposit(id), none()).await, 500);
}
