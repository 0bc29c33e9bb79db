use intent_runtime::prelude::*;

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
}

#[command]
pub struct PayIn {
    pub account: Id<Account>,
    pub amount: i64,
}

#[commands]
impl Account {
    #[create]
    pub fn open() -> Opened {
        Opened
    }

    #[handle(PayIn)]
    pub fn pay_in(&self, command: PayIn) -> Deposited {
        Deposited {
            amount: command.amount,
        }
    }
}

fn main() {}
