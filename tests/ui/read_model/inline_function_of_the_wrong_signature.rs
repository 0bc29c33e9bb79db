use intent_runtime::prelude::*;

#[derive(ReadModel, Clone)]
#[read_model(mode = "inline", events(Deposited => Self::deposited))]
pub struct Balance {
    #[key]
    pub account: Id<Account>,
    pub balance: i64,
}

impl Balance {
    fn deposited(&mut self, event: &Recorded<Deposited>) {
        self.balance += event.amount;
    }
}

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
    pub branch: String,
}

fn main() {}
