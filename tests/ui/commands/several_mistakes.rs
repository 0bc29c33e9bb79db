use intent_runtime::prelude::*;

#[commands]
impl Account {
    #[handle]
    pub fn deposit(&mut self, amounts: &[i64]) -> Deposited {
        Deposited { amount: amounts.len() as i64 }
    }

    #[create]
    pub fn open(&self) -> Opened {
        Opened
    }
}

fn uses() -> Deposit {
    Deposit { id: Id::new(), amounts: &[5] }
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
