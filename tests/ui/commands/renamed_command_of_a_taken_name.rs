use intent_runtime::prelude::*;

#[commands]
impl Account {
    #[create]
    pub fn open() -> Opened {
        Opened
    }
    #[handle(name = Money)]
    pub fn pay(&self) -> Deposited {
        Deposited { amount: 1 }
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

pub struct Money;

fn main() {}
