use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited => Self::deposited))]
pub struct Account {
    #[id]
    id: Id<Account>,
    balance: i64,
}

impl Account {
    fn deposited(&mut self, event: &Deposited) -> bool {
        self.balance = event.amount;
        true
    }
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
