//! Imports of values and macros that are called like commands.
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

    #[handle]
    pub fn limit(&self) -> Deposited {
        self.deposit(1)
    }

    #[handle]
    pub fn build(&self) -> Deposited {
        self.deposit(1)
    }

    fn deposit(&self, amount: i64) -> Deposited {
        Deposited { amount }
    }
}

mod limits {
    pub const MAX: i64 = 1;

    macro_rules! build {
        (Build::$name:ident) => {
            const $name: i64 = 1;
        };
    }
    pub(crate) use build;
}

use limits::{MAX as Limit, build as Build};

Build!(Build::LEAST);

fn is_within(amount: i64) -> bool {
    LEAST <= amount && amount < Limit && Limit > LEAST
}

fn main() {
    assert!(!is_within(1));
}
