use intent_runtime::prelude::*;

#[derive(ReadModel, Clone)]
#[read_model(events(Deposited))]
pub struct Balance {
    #[key]
    pub account: Id<Account>,
    #[on(Deposited => |last, e| last.0 = Last(e.branch.clone()))]
    pub last: Json<Last>,
}

#[derive(Clone, Default)]
pub struct Last(String);

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
