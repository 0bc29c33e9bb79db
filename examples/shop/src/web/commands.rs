//! What changes something.

use axum::{
    Json,
    extract::{FromRequestParts, rejection::JsonRejection},
    http::{StatusCode, request::Parts},
};
use intent_runtime::prelude::*;
use serde::Serialize;

use super::{
    caller::{Caller, text},
    error::ApiError,
};
use crate::{
    checkout::{self, Wanted},
    domain::{
        Customer, Order,
        order::{self, Cancel},
    },
};

/// What a command came to.
#[derive(Serialize)]
pub struct Done {
    version: Option<Version>,
    /// Show this to a screen as `?after=…`, and it has what the command stored.
    cursor: Option<Cursor>,
}

impl<A: Aggregate> From<Receipt<A>> for Done {
    fn from(receipt: Receipt<A>) -> Self {
        Self {
            version: Some(receipt.version),
            cursor: receipt.cursor,
        }
    }
}

// ANCHOR: send
/// The header `Idempotency-Key`: a request that is sent again under its key has one effect.
pub struct Key(String);

impl<S: Sync> FromRequestParts<S> for Key {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let key = text(parts, "idempotency-key")?;
        let missing = || {
            let text = "the header Idempotency-Key is missing";
            ApiError::new(StatusCode::BAD_REQUEST, text)
        };
        key.map(|key| Self(key.to_owned())).ok_or_else(missing)
    }
}

/// Any command as JSON.
pub async fn send<C: Command>(
    Caller(caller): Caller,
    Key(key): Key,
    command: Result<Json<C>, JsonRejection>,
) -> Result<Json<Done>, ApiError> {
    let Json(command) = command?;
    // Two people may choose the same key. No header has a line break, so the two parts stay apart.
    let id = CommandId::from_key(&format!("{key}\n{}", caller.actor().name()));
    let options = SendOptions::new().command_id(id);
    let receipt = caller.send_with(command, options).await?;
    Ok(Json(receipt.into()))
}
// ANCHOR_END: send

/// An order as the basket has it. The client chooses the id, so that the same order sent again is placed once.
#[derive(serde::Deserialize)]
pub struct Basket {
    id: Id<Order>,
    customer: Id<Customer>,
    lines: Vec<Wanted>,
}

/// `POST /orders`
pub async fn place(
    Caller(caller): Caller,
    basket: Result<Json<Basket>, JsonRejection>,
) -> Result<(StatusCode, Json<Done>), ApiError> {
    let Json(basket) = basket?;
    let (id, customer) = (basket.id, basket.customer);
    let receipt = checkout::place(&caller, id, customer, basket.lines).await?;
    let (version, cursor) = match receipt {
        Some(receipt) => (Some(receipt.version), receipt.cursor),
        None => (None, None),
    };
    Ok((StatusCode::CREATED, Json(Done { version, cursor })))
}

/// `POST /orders/cancellation`
pub async fn cancel(
    Caller(caller): Caller,
    command: Result<Json<Cancel>, JsonRejection>,
) -> Result<Json<Done>, ApiError> {
    let Json(order::Cancel { id }) = command?;
    let receipt = checkout::cancel(&caller, id).await?;
    Ok(Json(receipt.into()))
}
