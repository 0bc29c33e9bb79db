//! A status for each error. A client is told what it can change; the rest goes to the log.

use std::error::Error;

use axum::{
    Json,
    extract::rejection::{JsonRejection, PathRejection, QueryRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use intent_runtime::{prelude::*, store::StoreErrorKind};
use serde_json::json;

use crate::checkout::CheckoutError;

/// The answer to a request that failed.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    text: String,
}

impl ApiError {
    pub fn new(status: StatusCode, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { status, text }
    }

    pub fn missing(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("{what} does not exist"))
    }

    fn of(status: StatusCode, error: &dyn Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
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

// ANCHOR: status
impl<E: Error + 'static> From<SendError<E>> for ApiError {
    fn from(error: SendError<E>) -> Self {
        Self::of(of_send(&error), &error)
    }
}

fn of_send<E>(error: &SendError<E>) -> StatusCode {
    match error {
        SendError::Rejected(_) | SendError::CommandIdReused { .. } => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        SendError::Forbidden { .. } => StatusCode::FORBIDDEN,
        SendError::NotFound { .. } => StatusCode::NOT_FOUND,
        SendError::AlreadyExists { .. } | SendError::Conflict { .. } | SendError::Taken { .. } => {
            StatusCode::CONFLICT
        }
        SendError::Load(error) => of_load(error),
        SendError::Store(error) => of_store(error),
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn of_load(error: &LoadError) -> StatusCode {
    match error {
        LoadError::NotFound { .. } | LoadError::NoSuchVersion { .. } => StatusCode::NOT_FOUND,
        LoadError::Store(error) => of_store(error),
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn of_store(error: &StoreError) -> StatusCode {
    match error.kind() {
        // Sent again under its key, the request has one effect.
        StoreErrorKind::Transient => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
// ANCHOR_END: status

impl From<LoadError> for ApiError {
    fn from(error: LoadError) -> Self {
        Self::of(of_load(&error), &error)
    }
}

impl From<CheckoutError> for ApiError {
    fn from(error: CheckoutError) -> Self {
        let status = match &error {
            CheckoutError::AnotherOrder => StatusCode::UNPROCESSABLE_ENTITY,
            CheckoutError::Order(error) => of_send(error),
            CheckoutError::Product { source, .. } => of_send(source),
            // The basket names a product that is not there: the order is wrong, not its address.
            CheckoutError::Load(LoadError::NotFound { .. }) => StatusCode::UNPROCESSABLE_ENTITY,
            CheckoutError::Load(error) => of_load(error),
            CheckoutError::Store(error) => of_store(error),
        };
        Self::of(status, &error)
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        let status = match &error {
            ReadError::Forbidden { .. } => StatusCode::FORBIDDEN,
            ReadError::UnknownColumn { .. } | ReadError::NotComparable { .. } => {
                StatusCode::BAD_REQUEST
            }
            ReadError::Value { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            // The rows are being built.
            ReadError::NotBuilt { .. } => StatusCode::SERVICE_UNAVAILABLE,
            ReadError::Store(error) => of_store(error),
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::of(status, &error)
    }
}

impl From<WaitError> for ApiError {
    fn from(error: WaitError) -> Self {
        let status = match &error {
            WaitError::Store(StoreError::UnknownCursor { .. }) => StatusCode::BAD_REQUEST,
            WaitError::Store(error) => of_store(error),
            // Nobody keeps the rows, or not fast enough. The client may do without `after`, and see older ones.
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::of(status, &error)
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}
