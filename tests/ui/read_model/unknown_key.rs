use intent_runtime::prelude::*;

#[derive(ReadModel, Clone)]
#[read_model(order = "name", events(Deposited))]
pub struct Balance {
    #[key]
    pub account: Id<Account>,
    #[on(Deposited += |e| e.amount)]
    pub balance: i64,
}

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited => ()))]
pub struct Account {
    #[id]
    id: Id<Account>,
}

#[event]
pub struct Opened;

#[event]
pub struct Deposited {
    pub amount: i64,
    pub branch: String,
}

fn main() {}
