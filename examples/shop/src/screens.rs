//! What the screens show: read models.

use intent_runtime::prelude::*;

use crate::domain::{
    Customer, Order, Product,
    customer::{EmailChanged, Registered},
    order::{Cancelled, Paid, Placed, Shipped, State},
    product::{Added, Released, Repriced, Reserved, Restocked},
};

// ANCHOR: customers
/// The customers. Its rows are written with the events, so that no two customers have one e-mail.
#[derive(ReadModel, serde::Serialize, Debug, Clone)]
#[read_model(
    table = "customers",
    mode = "inline",
    created_by(Registered),
    events(EmailChanged),
    access(role = "clerk")
)]
pub struct CustomerCard {
    #[key]
    pub customer: Id<Customer>,
    #[on(Registered = |e| e.name.clone())]
    pub name: String,
    #[unique]
    #[on(Registered = |e| e.email.clone(), EmailChanged = |e| e.email.clone())]
    pub email: String,
}
// ANCHOR_END: customers

// ANCHOR: products
/// What can be bought.
#[derive(ReadModel, serde::Serialize, Debug, Clone)]
#[read_model(
    table = "products",
    created_by(Added),
    events(Repriced, Restocked, Reserved, Released),
    access(role = "clerk"),
    access(role = "customer")
)]
pub struct ProductOffer {
    #[key]
    pub product: Id<Product>,
    #[index]
    #[on(Added = |e| e.name.clone())]
    pub name: String,
    #[on(Added = |e| e.price_cents, Repriced = |e| e.price_cents)]
    pub price_cents: i64,
    #[on(
        Restocked += |e| i64::from(e.quantity),
        Reserved -= |e| i64::from(e.quantity),
        Released += |e| i64::from(e.quantity),
    )]
    pub in_stock: i64,
}
// ANCHOR_END: products

// ANCHOR: orders
/// The orders, as the customer and the clerk see them.
#[derive(ReadModel, serde::Serialize, Debug, Clone)]
#[read_model(
    table = "orders",
    created_by(Placed),
    events(Paid, Shipped, Cancelled),
    access(role = "clerk"),
    access(role = "customer", own = customer)
)]
pub struct OrderSummary {
    #[key]
    pub order: Id<Order>,
    #[index]
    #[on(Placed = |e| e.customer)]
    pub customer: Id<Customer>,
    #[index]
    #[on(
        Placed = State::Placed,
        Paid = State::Paid,
        Shipped = State::Shipped,
        Cancelled = State::Cancelled,
    )]
    pub state: State,
    #[on(Placed = |e| e.total_cents)]
    pub total_cents: i64,
    #[on(Placed = |e| e.occurred_at())]
    pub placed_at: Timestamp,
}
// ANCHOR_END: orders

// ANCHOR: sales
/// What came in on each day.
#[derive(ReadModel, serde::Serialize, Debug, Clone)]
#[read_model(table = "sales", events(Paid by |e| day(e.occurred_at())), access(role = "clerk"))]
pub struct SalesDay {
    /// As in `2026-11-30`, in UTC.
    #[key]
    pub day: String,
    #[on(Paid += 1)]
    pub orders: i64,
    #[on(Paid += |e| e.total_cents)]
    pub came_in_cents: i64,
}
// ANCHOR_END: sales

fn day(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}
