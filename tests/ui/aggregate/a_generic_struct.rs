use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited => ()))]
pub struct Account<T, U> {
    #[id]
    id: Id<Account<T, U>>,
    notes: Vec<T>,
    more: Vec<U>,
}

#[event]
pub struct Opened {
    pub owner: String,
}

#[event]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
