//! The domain of the dispatcher's tests: small, with a command for each thing that can go wrong.

use intent_runtime::prelude::*;

#[derive(Aggregate, Debug, Clone, PartialEq)]
#[aggregate(
    created_by(Opened),
    events(Deposited, Withdrawn, Forked),
    snapshot(every = 10)
)]
pub struct Account {
    #[id]
    pub id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    pub owner: String,
    #[on(Deposited += |e| e.amount, Withdrawn -= |e| e.amount)]
    pub balance: i64,
    #[on(Forked => |forks, e| forks.push(e.id))]
    pub forks: Vec<Id<Account>>,
}

#[event]
pub struct Opened {
    pub owner: String,
}

#[event(version = 2)]
pub struct Deposited {
    pub amount: i64,
    #[since(2, default = "counter".into())]
    pub channel: String,
}

#[event]
pub struct Withdrawn {
    pub amount: i64,
}

#[event]
pub struct Forked {
    pub id: Id<Account>,
    pub at: Timestamp,
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("balance {balance} does not cover {asked}")]
pub struct Overdrawn {
    pub balance: i64,
    pub asked: i64,
}

#[commands]
impl Account {
    #[create]
    pub fn open(owner: String) -> Opened {
        Opened { owner }
    }

    #[handle]
    pub fn deposit(&self, amount: i64) -> Option<Deposited> {
        let channel = String::from("online");
        (amount != 0).then_some(Deposited { amount, channel })
    }

    #[handle]
    pub fn deposit_many(&self, amounts: Vec<i64>) -> Vec<AccountEvent> {
        let channel = || String::from("batch");
        let deposited = |amount| {
            Deposited {
                amount,
                channel: channel(),
            }
            .into()
        };
        amounts.into_iter().map(deposited).collect()
    }

    #[handle]
    pub fn withdraw(&self, amount: i64) -> Result<Withdrawn, Overdrawn> {
        if amount > self.balance {
            return Err(Overdrawn {
                balance: self.balance,
                asked: amount,
            });
        }
        Ok(Withdrawn { amount })
    }

    /// Withdraws all there is.
    #[handle]
    pub fn settle(&self) -> Option<Withdrawn> {
        let amount = self.balance;
        (amount != 0).then_some(Withdrawn { amount })
    }

    /// Withdraws all there is; an account that is empty already gives what cannot be stored: a creating event, or too many.
    #[handle]
    pub fn drain(&self, most: usize) -> Vec<AccountEvent> {
        let amount = self.balance;
        match (amount, most) {
            (0, 1) => vec![
                Opened {
                    owner: String::new(),
                }
                .into(),
            ],
            (0, most) => vec![Withdrawn { amount }.into(); most],
            _ => vec![Withdrawn { amount }.into()],
        }
    }

    #[handle]
    pub fn fork(&self, ctx: &Context) -> Forked {
        Forked {
            id: ctx.new_id(),
            at: ctx.now(),
        }
    }

    /// Breaks the rule that a creating event comes first.
    #[create]
    pub fn open_without_event(amount: i64) -> Withdrawn {
        Withdrawn { amount }
    }

    /// Breaks the rule that a creating event comes once.
    #[handle]
    pub fn open_again(&self) -> Opened {
        Opened {
            owner: self.owner.clone(),
        }
    }
}

/// An aggregate of another type.
#[derive(Aggregate, Debug, Clone, PartialEq)]
#[aggregate(created_by(Started), events())]
pub struct Loan {
    #[id]
    pub id: Id<Loan>,
}

#[event]
pub struct Started;

#[commands]
impl Loan {
    #[create]
    pub fn start() -> Started {
        Started
    }
}
