//! Chapter "An HTTP service".

// ANCHOR: uses
use axum::{
    Extension, Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use intent_runtime::{
    error::HistoryError, model::AggregateEvent, prelude::*, store::InvalidAppend,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
// ANCHOR_END: uses

use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use tower::ServiceExt;

use super::{
    acting::{Close, Open as OpenTill, Till},
    commands::{Account, Deposit, Open, Withdraw},
};

// ANCHOR: answer
/// The answer to a request that failed.
pub struct ApiError {
    status: StatusCode,
    text: String,
}

impl ApiError {
    /// A client is told what it can change. The rest goes to the log.
    fn new(status: StatusCode, error: &dyn std::fmt::Debug) -> Self {
        // `Debug` of our errors is a sentence with its causes.
        let mut text = format!("{error:?}");
        if status.is_server_error() {
            tracing::error!("{text}");
            text = status.canonical_reason().unwrap_or_default().to_owned();
        }
        Self { status, text }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.text }))).into_response()
    }
}
// ANCHOR_END: answer

// ANCHOR: status
impl<E: std::error::Error + 'static> From<SendError<E>> for ApiError {
    fn from(error: SendError<E>) -> Self {
        let status = match &error {
            SendError::Rejected(_) => StatusCode::UNPROCESSABLE_ENTITY,
            SendError::CommandIdReused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            SendError::Forbidden { .. } => StatusCode::FORBIDDEN,
            SendError::NotFound { .. } => StatusCode::NOT_FOUND,
            SendError::AlreadyExists { .. } | SendError::Conflict { .. } => StatusCode::CONFLICT,
            SendError::Decision {
                source: HistoryError::Overflow { .. },
                ..
            } => StatusCode::UNPROCESSABLE_ENTITY,
            SendError::Load(error) => status_of_load(error),
            SendError::Store(error) => status_of_store(error),
            // The program is wrong: another `Decision`, `Encode`, `NotReadBack`, `NotRegistered`.
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, &error)
    }
}

impl From<LoadError> for ApiError {
    fn from(error: LoadError) -> Self {
        Self::new(status_of_load(&error), &error)
    }
}

fn status_of_load(error: &LoadError) -> StatusCode {
    match error {
        LoadError::NotFound { .. } | LoadError::NoSuchVersion { .. } => StatusCode::NOT_FOUND,
        LoadError::Store(error) => status_of_store(error),
        // The program or what is stored is wrong: `Decode`, `History`, `Encode`, `NotRegistered`.
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn status_of_store(error: &StoreError) -> StatusCode {
    match error {
        // The id is that of an aggregate of another type.
        StoreError::WrongAggregate { .. } => StatusCode::NOT_FOUND,
        StoreError::Invalid { source, .. } => match source {
            InvalidAppend::TooLarge { .. } | InvalidAppend::TooMany { .. } => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            InvalidAppend::Traceparent { .. } => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        },
        // It passes, or an operator ends it. The client sends the request again, under the same key.
        StoreError::Busy { .. }
        | StoreError::Closed
        | StoreError::Full { .. }
        | StoreError::NoConnection { .. }
        | StoreError::NotReady { .. }
        | StoreError::ReadOnly { .. }
        | StoreError::TimedOut { .. }
        | StoreError::Unavailable { .. }
        | StoreError::UnknownOutcome { .. } => StatusCode::SERVICE_UNAVAILABLE,
        // The program, its settings or the database are wrong.
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
// ANCHOR_END: status

// ANCHOR: router
pub fn router(app: App) -> Router {
    Router::new()
        .route("/deposits", post(deposit))
        .route("/accounts/{id}", get(show))
        .route("/accounts/{id}/history", get(history))
        .with_state(app)
}
// ANCHOR_END: router

// ANCHOR: idempotency
/// `POST /deposits` with the header `Idempotency-Key`. A layer of yours has found out who the actor is.
async fn deposit(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    Json(deposit): Json<Deposit>,
) -> Result<Json<Value>, ApiError> {
    let key = headers.get("idempotency-key");
    let key = key.and_then(|key| key.to_str().ok()).unwrap_or_default();
    if key.is_empty() {
        let text = String::from("the header Idempotency-Key is missing");
        let status = StatusCode::BAD_REQUEST;
        return Err(ApiError { status, text });
    }
    // Two clients may choose the same key. No header has a line break, so the two parts stay apart.
    let command_id = CommandId::from_key(&format!("{key}\n{}", actor.name()));
    let options = SendOptions::new().command_id(command_id);
    let receipt = app.acting(actor).send_with(deposit, options).await?;
    // The same for the first request and for each that repeats it.
    Ok(Json(json!({ "version": receipt.version })))
}
// ANCHOR_END: idempotency

// ANCHOR: show
/// `GET /accounts/{id}`
async fn show(
    State(app): State<App>,
    Path(id): Path<Id<Account>>,
) -> Result<Json<Value>, ApiError> {
    let account = app.load(id).await?;
    let (version, state) = (account.version(), account.state());
    Ok(Json(json!({ "version": version, "state": state })))
}
// ANCHOR_END: show

// ANCHOR: history
/// One event, as the service shows it.
#[derive(Serialize)]
struct Entry {
    version: Version,
    recorded_at: Timestamp,
    event: &'static str,
    data: Box<RawValue>,
    actor: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    after: Version,
}

/// `GET /accounts/{id}/history?after=0`: a hundred events a page.
async fn history(
    State(app): State<App>,
    Path(id): Path<Id<Account>>,
    Query(page): Query<Page>,
) -> Result<Json<Vec<Entry>>, ApiError> {
    let mut entries = Vec::new();
    for recorded in app.history_after(id, page.after, 100).await? {
        let event = &recorded.event;
        let data = event.encode();
        let data =
            data.map_err(|error| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, &error))?;
        entries.push(Entry {
            version: recorded.version(),
            recorded_at: recorded.recorded_at(),
            event: event.name(),
            data,
            actor: recorded.metadata().actor.clone(),
        });
    }
    Ok(Json(entries))
}
// ANCHOR_END: history

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
    let traced = none().metadata(Metadata::new().traceparent("no trace"));
    assert_eq!(status(&app, deposit(id), traced).await, 400);
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
