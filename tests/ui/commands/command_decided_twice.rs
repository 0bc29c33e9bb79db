use intent_runtime::prelude::*;

#[commands]
impl Account {
    #[handle(Deposit)]
    pub fn deposit(&self, command: Deposit) -> Deposited {
        Deposited { amount: command.amount }
    }

    #[handle(Deposit)]
    pub fn pay_in(&self, command: Deposit) -> Deposited {
        Deposited { amount: command.amount }
    }
}

#[command]
pub struct Deposit {
    #[id]
    pub account: Id<Account>,
    pub amount: i64,
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
