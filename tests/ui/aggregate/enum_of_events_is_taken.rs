use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Deposited += |e| e.amount)]
    balance: i64,
}

#[event]
pub struct Opened;

#[event]
pub struct Deposited {
    pub amount: i64,
}

pub struct AccountEvent {
    pub name: String,
}

fn main() {
    let _ = AccountEvent { name: String::new() };
}
