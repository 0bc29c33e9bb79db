use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(PaidIn, Deposited))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Deposited += |e| e.amount, PaidIn += |e| e.amount)]
    balance: i64,
}

#[event]
pub struct Opened {
    pub owner: String,
}

#[event]
pub struct PaidIn {
    pub amount: i64,
}

#[event(formerly("PaidIn"))]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
