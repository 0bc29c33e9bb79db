//! What is sold.

use intent_runtime::prelude::*;

use super::Order;

// ANCHOR: product
/// A product with what is left of it.
#[derive(Aggregate, Debug, Clone)]
#[aggregate(created_by(Added), events(Repriced, Restocked, Reserved, Released))]
pub struct Product {
    #[id]
    id: Id<Product>,
    #[on(Added = |e| e.price_cents, Repriced = |e| e.price_cents)]
    pub price_cents: i64,
    #[on(
        Restocked += |e| i64::from(e.quantity),
        Reserved -= |e| i64::from(e.quantity),
        Released += |e| i64::from(e.quantity),
    )]
    left: i64,
}

/// Why a product does not do what is asked.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ProductError {
    #[error("a price is at least 0, {0} cents is not")]
    Price(i64),
    #[error("only {left} are left, {asked} were asked for")]
    SoldOut { left: i64, asked: u32 },
    #[error("at least one piece is moved at a time")]
    Nothing,
}

#[commands]
impl Product {
    /// Adds a product, of which nothing is there yet.
    #[create(allow("clerk"))]
    pub fn add(name: String, price_cents: i64) -> Result<Added, ProductError> {
        let price_cents = checked(price_cents)?;
        Ok(Added { name, price_cents })
    }

    /// Changes the price of later orders.
    #[handle(allow("clerk"))]
    pub fn reprice(&self, price_cents: i64) -> Result<Repriced, ProductError> {
        let price_cents = checked(price_cents)?;
        Ok(Repriced { price_cents })
    }

    /// Puts more of it on the shelf.
    #[handle(allow("clerk"))]
    pub fn restock(&self, quantity: u32) -> Result<Restocked, ProductError> {
        let quantity = counted(quantity)?;
        Ok(Restocked { quantity })
    }

    /// Takes some from the shelf for an order.
    #[handle]
    pub fn reserve(&self, order: Id<Order>, quantity: u32) -> Result<Reserved, ProductError> {
        let quantity = counted(quantity)?;
        if i64::from(quantity) > self.left {
            let (left, asked) = (self.left, quantity);
            return Err(ProductError::SoldOut { left, asked });
        }
        Ok(Reserved { order, quantity })
    }

    /// Puts back what an order does not need.
    #[handle]
    pub fn release(&self, order: Id<Order>, quantity: u32) -> Result<Released, ProductError> {
        let quantity = counted(quantity)?;
        Ok(Released { order, quantity })
    }
}
// ANCHOR_END: product

/// The product is on offer.
#[event]
pub struct Added {
    pub name: String,
    pub price_cents: i64,
}

/// It has another price.
#[event]
pub struct Repriced {
    pub price_cents: i64,
}

/// More of it came in.
#[event]
pub struct Restocked {
    pub quantity: u32,
}

/// Some is kept for an order.
#[event]
pub struct Reserved {
    pub order: Id<Order>,
    pub quantity: u32,
}

/// What was kept for an order is free again.
#[event]
pub struct Released {
    pub order: Id<Order>,
    pub quantity: u32,
}

fn checked(price_cents: i64) -> Result<i64, ProductError> {
    match price_cents {
        0.. => Ok(price_cents),
        _ => Err(ProductError::Price(price_cents)),
    }
}

fn counted(quantity: u32) -> Result<u32, ProductError> {
    match quantity {
        0 => Err(ProductError::Nothing),
        _ => Ok(quantity),
    }
}
