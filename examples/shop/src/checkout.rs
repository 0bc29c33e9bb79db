//! Placing and cancelling an order: it and its products change together, or not at all.

use intent_runtime::prelude::*;

use crate::domain::{
    Customer, Order, Product,
    order::{Cancel, Line, OrderError, Place},
    product::{ProductError, Release, Reserve},
};

/// Some pieces of a product, as they are asked for.
#[derive(serde::Deserialize, Debug, Clone)]
pub struct Wanted {
    pub product: Id<Product>,
    pub quantity: u32,
}

// ANCHOR: errors
/// Why an order was not placed or cancelled.
#[derive(thiserror::Error, Debug)]
pub enum CheckoutError {
    #[error("another order was placed under this id before")]
    AnotherOrder,
    #[error(transparent)]
    Order(#[from] SendError<OrderError>),
    #[error("product {product} does not go into the order")]
    Product {
        product: Id<Product>,
        source: SendError<ProductError>,
    },
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
// ANCHOR_END: errors

// ANCHOR: place
/// Places an order at the prices of today, and takes what it needs from the shelf.
///
/// The same order under the same id is placed once, however often it is sent: then there is no new receipt.
pub async fn place(
    shop: &Acting,
    id: Id<Order>,
    customer: Id<Customer>,
    mut wanted: Vec<Wanted>,
) -> Result<Option<Receipt<Order>>, CheckoutError> {
    // In one sequence everywhere, so that two orders never wait for each other.
    wanted.sort_by_key(|line| line.product);
    let mut transaction = shop.transaction().await?;
    match transaction.load(id).await {
        Ok(order) if is_of(&order, customer, &wanted) => return Ok(None),
        Ok(_) => return Err(CheckoutError::AnotherOrder),
        Err(LoadError::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let mut lines = Vec::new();
    for Wanted { product, quantity } in wanted {
        let price_cents = transaction.load(product).await?.price_cents;
        let order = id;
        let reserve = Reserve {
            id: product,
            order,
            quantity,
        };
        let reserved = transaction.send(reserve).await;
        reserved.map_err(|source| CheckoutError::Product { product, source })?;
        lines.push(Line {
            product,
            quantity,
            price_cents,
        });
    }
    let receipt = transaction
        .send(Place {
            id,
            customer,
            lines,
        })
        .await?;
    transaction.commit().await?;
    Ok(Some(receipt))
}
// ANCHOR_END: place

fn is_of(order: &Order, customer: Id<Customer>, wanted: &[Wanted]) -> bool {
    let same = |(line, wanted): (&Line, &Wanted)| {
        (line.product, line.quantity) == (wanted.product, wanted.quantity)
    };
    order.customer == customer
        && order.lines.len() == wanted.len()
        && order.lines.iter().zip(wanted).all(same)
}

/// Cancels an order, and puts what it had back on the shelf. The second time there is nothing to do.
pub async fn cancel(shop: &Acting, id: Id<Order>) -> Result<Receipt<Order>, CheckoutError> {
    let mut transaction = shop.transaction().await?;
    let receipt = transaction.send(Cancel { id }).await?;
    if receipt.events.is_empty() {
        return Ok(receipt);
    }
    for line in transaction.load(id).await?.state().lines.clone() {
        let (product, order, quantity) = (line.product, id, line.quantity);
        let release = Release {
            id: product,
            order,
            quantity,
        };
        let released = transaction.send(release).await;
        released.map_err(|source| CheckoutError::Product { product, source })?;
    }
    transaction.commit().await?;
    Ok(receipt)
}
