use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), evnts(Deposited))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    owner: String,
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
