use intent_runtime::prelude::*;

#[derive(PartialEq)]
#[command]
pub struct PayIn {
    #[id]
    id: Id<Account>,
}

#[commands]
impl Account {
    #[handle(PayIn)]
    pub fn pay_in(&self, _: PayIn) -> Deposited {
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

fn main() {}
