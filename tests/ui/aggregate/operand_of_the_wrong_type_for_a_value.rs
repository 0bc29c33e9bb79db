use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Deposited += |e| e.cents)]
    balance: Money,
}

#[value(arithmetic)]
#[derive(Copy, Default)]
pub struct Money {
    cents: i64,
}

#[event]
pub struct Opened {
    pub owner: String,
}

#[event]
pub struct Deposited {
    pub cents: i64,
}

fn main() {}
