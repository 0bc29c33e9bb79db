#![allow(private_interfaces)]
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

#[derive(Debug, thiserror::Error)]
#[error("no")]
struct Refused;

#[commands]
impl Account {
    #[create]
    pub fn open() -> Opened {
        Opened
    }

    #[handle]
    pub fn deposit(&self, amount: i64) -> Result<Deposited, Refused> {
        Ok(Deposited { amount })
    }

    #[handle]
    pub fn pay_in(&self, amount: i64) -> Result<Deposited, Refused> {
        Ok(Deposited { amount })
    }
}

fn main() {}
