// The domain of the documentation's examples; each includes this file.
use intent_runtime::prelude::*;

/// A customer's account.
#[derive(Aggregate, Debug, Clone, PartialEq)]
#[aggregate(created_by(Opened), events(Deposited, Withdrawn), snapshot(every = 100))]
pub struct Account {
    #[id]
    pub id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    pub owner: String,
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
}

#[event]
pub struct Withdrawn {
    pub amount: i64,
}

#[derive(Debug, PartialEq)]
pub struct Overdrawn {
    pub balance: i64,
}

impl std::fmt::Display for Overdrawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "balance {} does not cover it", self.balance)
    }
}

impl std::error::Error for Overdrawn {}

#[commands]
impl Account {
    #[create]
    pub fn open(owner: String) -> Opened {
        Opened { owner }
    }

    /// Puts money in.
    #[handle]
    pub fn deposit(&self, amount: i64) -> Deposited {
        Deposited { amount }
    }

    /// Takes money out, as far as there is any.
    #[handle]
    pub fn withdraw(&self, amount: i64) -> Result<Withdrawn, Overdrawn> {
        if amount > self.balance {
            return Err(Overdrawn { balance: self.balance });
        }
        Ok(Withdrawn { amount })
    }
}
