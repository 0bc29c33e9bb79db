use intent_runtime::prelude::*;

#[derive(ReadModel, Clone)]
#[read_model(events(Deposited))]
pub struct Balance {
    #[key]
    pub account: Id<Account>,
    #[sorted]
    #[on(Deposited = |e| e.branch.clone())]
    pub branch: String,
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
