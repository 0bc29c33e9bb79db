//! The first example of the guide, as it is written there.

use std::ops::{AddAssign, SubAssign};

use intent_runtime::prelude::*;

/// A customer's account.
#[derive(Aggregate, Debug, Clone, PartialEq)]
#[aggregate(created_by(Opened), events(Deposited, Withdrawn, Noted, Moved => Self::moved, Audited => (), Closed),
            snapshot(every = 100))]
pub struct Account {
    #[id]
    pub id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    pub owner: String,
    #[on(Deposited += |e| e.amount, Withdrawn -= |e| e.amount)]
    pub balance: Money,
    #[on(Noted => |notes, e| notes.push(e.text.clone()))]
    pub notes: Vec<String>,
    #[on(Closed = true)]
    pub closed: bool,
    pub address: Option<Address>,
}

/// An account was opened.
#[event]
pub struct Opened {
    pub owner: String,
}

#[event]
pub struct Withdrawn {
    pub amount: Money,
}

#[event]
pub struct Moved {
    pub to: Address,
}

#[event]
pub struct Noted {
    pub text: String,
}

#[event]
pub struct Audited;

#[event]
pub struct Closed;

#[event(version = 2)]
pub struct Deposited {
    pub amount: Money,
    #[since(2, default = "counter".into())]
    pub channel: String,
}

/// An amount of money.
#[value]
#[derive(Copy, Default, PartialOrd)]
pub struct Money {
    pub cents: i64,
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        self.cents += other.cents;
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Self) {
        self.cents -= other.cents;
    }
}

#[value]
pub struct Address {
    pub street: String,
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    #[error("balance {balance:?} does not cover {asked:?}")]
    Overdrawn { balance: Money, asked: Money },
    #[error("the account is closed")]
    Closed,
}

#[commands]
impl Account {
    #[create]
    pub fn open(owner: String) -> Opened {
        Opened { owner }
    }

    /// Puts money in.
    #[handle]
    pub fn deposit(&self, amount: Money, channel: String) -> Result<Deposited, Refused> {
        if self.closed {
            return Err(Refused::Closed);
        }
        Ok(Deposited { amount, channel })
    }

    #[handle]
    pub fn withdraw(&self, amount: Money) -> Result<Withdrawn, Refused> {
        if amount > self.balance {
            return Err(Refused::Overdrawn {
                balance: self.balance,
                asked: amount,
            });
        }
        Ok(Withdrawn { amount })
    }

    #[handle]
    pub fn close(&self, ctx: &Context) -> Option<Closed> {
        let _ = ctx.now();
        (!self.closed).then_some(Closed)
    }

    #[handle(Relocate)]
    pub fn relocate(&self, command: Relocate) -> Moved {
        Moved { to: command.to }
    }

    fn moved(&mut self, event: &Moved) {
        self.address = Some(event.to.clone());
    }
}

#[command]
pub struct Relocate {
    #[id]
    pub account: Id<Account>,
    pub to: Address,
}
