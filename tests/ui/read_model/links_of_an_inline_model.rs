use intent_runtime::prelude::*;

#[derive(ReadModel, Clone)]
#[read_model(mode = "inline", links(Opened => |e| e.branch.clone()), created_by(Opened), events(Deposited))]
pub struct Balance {
    #[key]
    pub account: Id<Account>,
    #[on(Deposited += |e| e.amount)]
    pub came_in: i64,
}

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited => ()))]
pub struct Account {
    #[id]
    id: Id<Account>,
}

#[event]
pub struct Opened {
    pub branch: String,
}

#[event]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
