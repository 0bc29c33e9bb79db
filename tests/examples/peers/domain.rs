//! The bank of the README.

use intent_runtime::prelude::*;

#[derive(Aggregate, Debug, Clone)]
#[aggregate(created_by(Opened), events(Deposited, Withdrawn))]
pub struct Account {
    #[id]
    pub id: Id<Self>,
    #[on(Deposited += |e| e.amount, Withdrawn -= |e| e.amount)]
    pub balance: i64,
}

#[event]
pub struct Opened {
    pub owner: String,
}

#[event]
pub struct Deposited {
    pub amount: i64,
    pub txn: String,
}

#[event]
pub struct Withdrawn {
    pub amount: i64,
    pub txn: String,
}

#[derive(Debug, thiserror::Error)]
#[error("insufficient funds")]
pub struct InsufficientFunds;

#[commands]
impl Account {
    #[create]
    pub fn open(owner: String) -> Opened {
        Opened { owner }
    }

    #[handle]
    pub fn deposit(&self, amount: i64, txn: String) -> Deposited {
        Deposited { amount, txn }
    }

    #[handle]
    pub fn withdraw(&self, amount: i64, txn: String) -> Result<Withdrawn, InsufficientFunds> {
        if amount > self.balance {
            return Err(InsufficientFunds);
        }
        Ok(Withdrawn { amount, txn })
    }
}
