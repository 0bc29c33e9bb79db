use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Deposited => |balance, e| balance.push_str(e.memo.as_ref()?))]
    balance: String,
}

#[event]
pub struct Opened;

#[event]
pub struct Deposited {
    pub amount: i64,
    pub memo: Option<String>,
}

fn main() {}
