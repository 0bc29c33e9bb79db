use intent_runtime::prelude::*;

#[value(arithmetic)]
#[derive(Copy, Default)]
pub struct Money {
    cents: i64,
    currency: u8,
}

#[derive(Aggregate)]
#[aggregate(created_by(Opened))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Opened += |e| e.paid_in)]
    balance: Money,
}

#[event]
pub struct Opened {
    pub paid_in: Money,
}

fn main() {}
