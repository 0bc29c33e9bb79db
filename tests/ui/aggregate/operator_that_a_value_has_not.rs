use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Split))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Split /= |e| e.parts)]
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
pub struct Split {
    pub parts: i64,
}

fn main() {}
