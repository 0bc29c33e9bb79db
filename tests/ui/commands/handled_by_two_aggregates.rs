use intent_runtime::prelude::*;

#[commands]
impl Account {
    #[create(Open)]
    pub fn open(_: Open) -> Opened {
        Opened
    }
}

#[command]
pub struct Open {
    #[id]
    pub account: Id<Account>,
}

#[derive(Aggregate)]
#[aggregate(created_by(Opened))]
pub struct Contract {
    #[id]
    id: Id<Contract>,
}

#[commands]
impl Contract {
    #[create(Open)]
    pub fn open(_: Open) -> Opened {
        Opened
    }
}

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

fn main() {}
