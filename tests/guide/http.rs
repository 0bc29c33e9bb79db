//! Chapter "An HTTP service".

mod answers;

// ANCHOR: uses
use axum::{
    Extension, Json, Router,
    extract::{
        Path, Query, State,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use intent_runtime::{
    error::HistoryError, model::AggregateEvent, prelude::*, store::InvalidAppend,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use std::error::Error;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
// ANCHOR_END: uses

use super::commands::{Account, Deposit, Open};

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

// ANCHOR: rejections
/// A body that is no such command, or larger than 2 MB.
impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        let (status, text) = (rejection.status(), rejection.body_text());
        Self { status, text }
    }
}

/// A path that has no such id.
impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        let (status, text) = (rejection.status(), rejection.body_text());
        Self { status, text }
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        let (status, text) = (rejection.status(), rejection.body_text());
        Self { status, text }
    }
}
// ANCHOR_END: rejections

// ANCHOR: status
impl<E: std::error::Error + 'static> From<SendError<E>> for ApiError {
    fn from(error: SendError<E>) -> Self {
        let status = match &error {
            SendError::Rejected(_) => StatusCode::UNPROCESSABLE_ENTITY,
            SendError::CommandIdReused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            SendError::Forbidden { .. } => StatusCode::FORBIDDEN,
            SendError::NotFound { .. } => StatusCode::NOT_FOUND,
            SendError::AlreadyExists { .. }
            | SendError::Conflict { .. }
            | SendError::Taken { .. } => StatusCode::CONFLICT,
            SendError::Decision {
                source: HistoryError::Overflow { .. },
                ..
            } => StatusCode::UNPROCESSABLE_ENTITY,
            SendError::Load(error) => status_of_load(error),
            SendError::Store(error) => status_of_store(error),
            // The program is wrong: another `Decision`, `Encode`, `NotReadBack`, `Row`, `NotRegistered`.
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
        // The id is that of an aggregate of another type. A command that creates answers 409 instead: see `send`.
        StoreError::WrongAggregate { .. } => StatusCode::NOT_FOUND,
        StoreError::Invalid {
            source: InvalidAppend::TooLarge { .. } | InvalidAppend::TooMany { .. },
            ..
        } => StatusCode::PAYLOAD_TOO_LARGE,
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
        .route("/accounts", post(send::<Open>))
        .route("/deposits", post(send::<Deposit>))
        .route("/accounts/{id}", get(show))
        .route("/accounts/{id}/history", get(history))
        .with_state(app)
}
// ANCHOR_END: router

// ANCHOR: idempotency
/// Any command as JSON, with the header `Idempotency-Key`. A layer of yours has found out who the actor is.
async fn send<C: Command>(
    State(app): State<App>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    command: Result<Json<C>, JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(command) = command?;
    let key = idempotency_key(&headers)?;
    // Two clients may choose the same key. No header has a line break, so the two parts stay apart.
    let command_id = CommandId::from_key(&format!("{key}\n{}", actor.name()));
    let options = SendOptions::new().command_id(command_id);
    let sent = app.acting(actor).send_with(command, options).await;
    let receipt = sent.map_err(|error| match ApiError::from(error) {
        // An aggregate of another type has the id that this command was to create one under.
        error if creates::<C>() && error.status == StatusCode::NOT_FOUND => {
            let status = StatusCode::CONFLICT;
            ApiError { status, ..error }
        }
        error => error,
    })?;
    // The same for the first request and for each that repeats it.
    Ok(Json(json!({ "version": receipt.version })))
}

fn creates<C: Command>() -> bool {
    <C::Aggregate as Decide<C>>::ONLY_CREATES
}

fn idempotency_key(headers: &HeaderMap) -> Result<&str, ApiError> {
    let wrong = match headers.get("idempotency-key").map(HeaderValue::to_str) {
        Some(Ok(key)) if !key.is_empty() => return Ok(key),
        Some(Ok(_)) | None => "is missing or empty",
        Some(Err(_)) => "has a character that is not ASCII",
    };
    Err(ApiError {
        status: StatusCode::BAD_REQUEST,
        text: format!("the header Idempotency-Key {wrong}"),
    })
}
// ANCHOR_END: idempotency

// ANCHOR: show
/// `GET /accounts/{id}`
async fn show(
    State(app): State<App>,
    id: Result<Path<Id<Account>>, PathRejection>,
) -> Result<Json<Value>, ApiError> {
    let Path(id) = id?;
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
    id: Result<Path<Id<Account>>, PathRejection>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Vec<Entry>>, ApiError> {
    let (Path(id), Query(page)) = (id?, page?);
    let unreadable =
        |error: &dyn std::fmt::Debug| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error);
    let mut entries = Vec::new();
    for recorded in app.history_after(id, page.after, 100).await? {
        let event = &recorded.event;
        let data = event.encode().map_err(|error| unreadable(&error))?;
        let metadata = recorded.metadata().map_err(|error| unreadable(&error))?;
        entries.push(Entry {
            version: recorded.version(),
            recorded_at: recorded.recorded_at(),
            event: event.name(),
            data,
            actor: metadata.actor.clone(),
        });
    }
    Ok(Json(entries))
}
// ANCHOR_END: history

// ANCHOR: serve
/// Serves until `stop` ends. Then no new connection is taken, and the requests that are under way are answered.
async fn serve(
    listener: TcpListener,
    app: App,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error>> {
    // To be replaced by your layer that finds out who sends the request.
    let who = Extension(Actor::new("nobody"));
    axum::serve(listener, router(app.clone()).layer(who))
        .with_graceful_shutdown(stop)
        .await?;
    app.close().await?;
    Ok(())
}
// ANCHOR_END: serve

#[expect(dead_code, reason = "the tests have a main of their own")]
// ANCHOR: main
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt::init();
    let app = App::connect("sqlite:bank.db", Domain::of::<Account>()).await?;
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    // What a service manager sends, and what Ctrl-C sends.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    serve(listener, app, stop).await
}
// ANCHOR_END: main
