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
    #[id]
    pub account: Id<Account>,
    pub note: &'static str,
}

#[commands]
impl Account {
    #[create]
    pub fn open() -> Opened {
        Opened
    }

    #[handle(PayIn)]
    pub fn pay_in(&self, _command: PayIn) -> Deposited {
        Deposited { amount: 1 }
    }
}

fn main() {}
