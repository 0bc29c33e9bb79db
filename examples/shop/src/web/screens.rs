//! What is shown: pages of read models, as far as the caller may see them.

use std::time::Duration;

use axum::{
    Json,
    extract::{
        Path, Query,
        rejection::{PathRejection, QueryRejection},
    },
};
use intent_runtime::{prelude::*, read_model::List};
use serde::Deserialize;

use super::{caller::Caller, error::ApiError};
use crate::{
    domain::{Customer, Order, Product, order::State},
    screens::{CustomerCard, OrderSummary, ProductOffer, SalesDay},
};

/// How long a screen waits for what the caller has just stored.
const PATIENCE: Duration = Duration::from_secs(2);

// ANCHOR: page
/// Which page of a screen.
#[derive(Deserialize)]
pub struct Asked<K> {
    /// The cursor of a command, whose events the screen is to have.
    after: Option<Cursor>,
    /// The key of the last row of the page before.
    from: Option<K>,
    limit: Option<u32>,
    order_by: Option<String>,
    #[serde(default)]
    descending: bool,
}

type AskedFor<K> = Result<Query<Asked<K>>, QueryRejection>;

/// A page of the rows that the caller may see, and that `narrow` leaves.
async fn page<M: ReadModel>(
    caller: &Acting,
    asked: Asked<M::Key>,
    narrow: impl FnOnce(List<M>) -> List<M>,
) -> Result<Json<Vec<M>>, ApiError> {
    caller.wait_for::<M>(asked.after, PATIENCE).await?;
    let rows = caller.read::<M>();
    let mut list = narrow(rows.list().limit(asked.limit.unwrap_or(50).min(500)));
    if let Some(column) = &asked.order_by {
        list = list.order_by(column);
    }
    if asked.descending {
        list = list.descending();
    }
    if let Some(key) = asked.from {
        let last = rows.get(key).await?;
        list = list.after(&last.ok_or(ApiError::missing("the row to go on from"))?);
    }
    Ok(Json(list.await?))
}
// ANCHOR_END: page

/// `GET /customers`
pub async fn customers(
    Caller(caller): Caller,
    asked: AskedFor<Id<Customer>>,
) -> Result<Json<Vec<CustomerCard>>, ApiError> {
    page(&caller, asked?.0, |list| list).await
}

/// `GET /products?order_by=price_cents`
pub async fn products(
    Caller(caller): Caller,
    asked: AskedFor<Id<Product>>,
) -> Result<Json<Vec<ProductOffer>>, ApiError> {
    page(&caller, asked?.0, |list| list).await
}

/// Which orders.
#[derive(Deserialize)]
pub struct Orders {
    state: Option<State>,
    customer: Option<Id<Customer>>,
}

/// `GET /orders?state=Paid&order_by=placed_at&descending=true`: a clerk sees all of the tenant, a customer those of his own.
pub async fn orders(
    Caller(caller): Caller,
    which: Result<Query<Orders>, QueryRejection>,
    asked: AskedFor<Id<Order>>,
) -> Result<Json<Vec<OrderSummary>>, ApiError> {
    let Query(which) = which?;
    let narrow = |mut list: List<OrderSummary>| {
        if let Some(state) = which.state {
            list = list.filter("state", state);
        }
        if let Some(customer) = which.customer {
            list = list.filter("customer", customer);
        }
        list
    };
    page(&caller, asked?.0, narrow).await
}

/// `GET /orders/{id}`
pub async fn order(
    Caller(caller): Caller,
    id: Result<Path<Id<Order>>, PathRejection>,
) -> Result<Json<OrderSummary>, ApiError> {
    let Path(id) = id?;
    let order = caller.read::<OrderSummary>().get(id).await?;
    order.map(Json).ok_or(ApiError::missing("the order"))
}

/// `GET /sales?descending=true`
pub async fn sales(
    Caller(caller): Caller,
    asked: AskedFor<String>,
) -> Result<Json<Vec<SalesDay>>, ApiError> {
    page(&caller, asked?.0, |list| list).await
}
