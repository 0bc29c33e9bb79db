//! What a macro is given looks like a command, and is none.
#![allow(dead_code)]

use intent_runtime::prelude::*;

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

#[commands]
impl Account {
    #[create]
    pub fn open() -> Opened {
        Opened
    }

    #[handle]
    pub fn pay_in(&self, amount: i64) -> Deposited {
        self.deposit(amount)
    }

    fn deposit(&self, amount: i64) -> Deposited {
        Deposited { amount }
    }
}

macro_rules! query {
    ($($words:tt)*) => { stringify!($($words)*) };
}

fn main() {
    assert!(!query! { mutation { Deposit { id amount } send(Deposit { id }) } }.is_empty());
}
