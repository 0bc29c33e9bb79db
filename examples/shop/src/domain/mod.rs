//! The domain: customers, products and orders.

pub mod customer;
pub mod order;
pub mod product;

use intent_runtime::Domain;

pub use self::{customer::Customer, order::Order, product::Product};
use crate::screens::{CustomerCard, OrderSummary, ProductOffer, SalesDay};

/// What the shop consists of.
// ANCHOR: shop
pub fn shop() -> Domain {
    Domain::new()
        .roles(["clerk", "customer"])
        .aggregate::<Customer>()
        .aggregate::<Product>()
        .aggregate::<Order>()
        .read_model::<CustomerCard>()
        .read_model::<ProductOffer>()
        .read_model::<OrderSummary>()
        .read_model::<SalesDay>()
}
// ANCHOR_END: shop
