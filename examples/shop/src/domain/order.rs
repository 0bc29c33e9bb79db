//! What was bought.

use intent_runtime::prelude::*;

use super::{Customer, Product};

// ANCHOR: order
/// An order on its way from the basket to the customer.
#[derive(Aggregate, Debug, Clone)]
#[aggregate(created_by(Placed), events(Paid, Shipped, Cancelled))]
pub struct Order {
    #[id]
    id: Id<Order>,
    #[on(Placed = |e| e.customer)]
    pub customer: Id<Customer>,
    #[on(Placed = |e| e.lines.clone())]
    pub lines: Vec<Line>,
    #[on(Placed = |e| e.total_cents)]
    total_cents: i64,
    #[on(Paid = State::Paid, Shipped = State::Shipped, Cancelled = State::Cancelled)]
    state: State,
}

/// Some pieces of one product.
#[value]
pub struct Line {
    pub product: Id<Product>,
    pub quantity: u32,
    /// The price of one when it was ordered.
    pub price_cents: i64,
}

/// How far an order is.
#[value]
#[derive(Copy, Default)]
pub enum State {
    #[default]
    Placed,
    Paid,
    Shipped,
    Cancelled,
}

/// Why an order does not do what is asked.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum OrderError {
    #[error("an order has at least one line, and at least one piece in each")]
    Empty,
    #[error("the order is worth more than can be counted")]
    TooLarge,
    #[error("an order that is {} cannot be {wanted}", .state.name())]
    NotNow { state: State, wanted: &'static str },
}

#[commands]
impl Order {
    /// Places an order, at the prices of its lines.
    #[create]
    pub fn place(customer: Id<Customer>, lines: Vec<Line>) -> Result<Placed, OrderError> {
        if lines.is_empty() || lines.iter().any(|line| line.quantity == 0) {
            return Err(OrderError::Empty);
        }
        let total_cents = total(&lines).ok_or(OrderError::TooLarge)?;
        Ok(Placed {
            customer,
            lines,
            total_cents,
        })
    }

    /// The money is there. The second time there is nothing to do.
    #[handle]
    pub fn pay(&self) -> Result<Option<Paid>, OrderError> {
        match self.state {
            State::Placed => {
                let total_cents = self.total_cents;
                Ok(Some(Paid { total_cents }))
            }
            State::Paid => Ok(None),
            state => Err(state.cannot_be("paid")),
        }
    }

    /// The parcel is on its way.
    #[handle(allow("clerk"))]
    pub fn ship(&self) -> Result<Shipped, OrderError> {
        match self.state {
            State::Paid => Ok(Shipped),
            state => Err(state.cannot_be("shipped")),
        }
    }

    /// The customer does not want it any more.
    #[handle]
    pub fn cancel(&self) -> Result<Option<Cancelled>, OrderError> {
        match self.state {
            State::Placed => Ok(Some(Cancelled)),
            State::Cancelled => Ok(None),
            state => Err(state.cannot_be("cancelled")),
        }
    }
}
// ANCHOR_END: order

/// An order came in.
#[event]
pub struct Placed {
    pub customer: Id<Customer>,
    pub lines: Vec<Line>,
    pub total_cents: i64,
}

/// It was paid.
#[event]
pub struct Paid {
    pub total_cents: i64,
}

/// It was sent.
#[event]
pub struct Shipped;

/// It was called off.
#[event]
pub struct Cancelled;

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Paid => "paid",
            Self::Shipped => "shipped",
            Self::Cancelled => "cancelled",
        }
    }

    fn cannot_be(self, wanted: &'static str) -> OrderError {
        let state = self;
        OrderError::NotNow { state, wanted }
    }
}

/// What lines cost together; `None` if that cannot be counted.
fn total(lines: &[Line]) -> Option<i64> {
    lines.iter().try_fold(0_i64, |sum, line| {
        sum.checked_add(line.price_cents.checked_mul(i64::from(line.quantity))?)
    })
}
