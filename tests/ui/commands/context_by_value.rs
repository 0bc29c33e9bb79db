use intent_runtime::{Context, prelude::*};

#[commands]
impl Account {
    #[handle]
    pub fn deposit(&self, amount: i64, ctx: Context) -> Deposited {
        let _ = ctx;
        Deposited { amount }
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
