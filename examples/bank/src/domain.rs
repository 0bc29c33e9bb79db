//! The whole domain: an account, what can happen to it, and what may be asked of it.

use intent_runtime::prelude::*;

/// What the bank consists of.
pub fn bank() -> Domain {
    Domain::of::<Account>()
}

/// A customer's account.
#[derive(Aggregate, Debug, Clone, PartialEq)]
#[aggregate(
    created_by(Opened),
    events(Deposited, Withdrawn, Noted, Closed),
    snapshot(every = 100)
)]
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
}

/// The account was opened.
#[event]
pub struct Opened {
    pub owner: String,
}

/// Money came in. Version 1 did not say through which channel.
#[event(version = 2)]
pub struct Deposited {
    pub amount: Money,
    #[since(2, default = "counter".into())]
    pub channel: String,
}

/// Money went out.
#[event]
pub struct Withdrawn {
    pub amount: Money,
}

/// Somebody wrote something down.
#[event]
pub struct Noted {
    pub text: String,
}

/// The account was closed.
#[event]
pub struct Closed;

/// An amount of money.
#[value(arithmetic)]
#[derive(Copy, Default, PartialOrd, derive_more::Display)]
#[display("{}.{:02}", cents / 100, cents % 100)]
pub struct Money {
    pub cents: i64,
}

/// Why the bank says no.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    #[error("balance {balance} does not cover {asked}")]
    Overdrawn { balance: Money, asked: Money },
    #[error("an amount is positive, {asked} is not")]
    NotPositive { asked: Money },
    #[error("the account is closed")]
    Closed,
}

#[commands]
impl Account {
    /// Opens an account.
    #[create]
    pub fn open(owner: String) -> Opened {
        Opened { owner }
    }

    /// Puts money in.
    #[handle]
    pub fn deposit(&self, amount: Money, channel: String) -> Result<Deposited, Refused> {
        self.accepts(amount)?;
        Ok(Deposited { amount, channel })
    }

    /// Takes money out, as far as the balance covers it.
    #[handle]
    pub fn withdraw(&self, amount: Money) -> Result<Withdrawn, Refused> {
        self.accepts(amount)?;
        if amount > self.balance {
            return Err(Refused::Overdrawn {
                balance: self.balance,
                asked: amount,
            });
        }
        Ok(Withdrawn { amount })
    }

    /// Writes something down.
    #[handle]
    pub fn note(&self, text: String) -> Noted {
        Noted { text }
    }

    /// Closes the account. The second time there is nothing to do.
    #[handle]
    pub fn close(&self) -> Option<Closed> {
        (!self.closed).then_some(Closed)
    }

    fn accepts(&self, amount: Money) -> Result<(), Refused> {
        if self.closed {
            return Err(Refused::Closed);
        }
        if amount.cents <= 0 {
            return Err(Refused::NotPositive { asked: amount });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Money = Money { cents: 1_000 };

    fn opened() -> AccountEvent {
        Opened {
            owner: "Ada".into(),
        }
        .into()
    }

    fn deposited(amount: Money) -> AccountEvent {
        let channel = "online".into();
        Deposited { amount, channel }.into()
    }

    #[test]
    fn what_is_stored_stays_readable() {
        intent_runtime::lock::check!(bank());
    }

    /// The guide shows the domain as a diagram.
    #[test]
    fn its_diagram_in_the_guide_is_that_of_the_code() {
        let diagram = diagram::mermaid(bank().catalogue());
        let page = include_str!("../../../docs/src/catalogue.md");
        assert!(
            page.contains(&format!("```mermaid\n{diagram}```")),
            "docs/src/catalogue.md shows another diagram than this one:\n\n{diagram}"
        );
    }

    #[test]
    fn money_that_is_there_can_be_taken_out() {
        let id = Id::new();
        Scenario::<Account>::given(id, [opened(), deposited(TEN)])
            .when(Withdraw { id, amount: TEN })
            .then_emits([Withdrawn { amount: TEN }.into()])
            .then_state(|account| account.balance == Money::default());
    }

    #[test]
    fn an_overdraft_is_refused() {
        let id = Id::new();
        Scenario::<Account>::given(id, [opened()])
            .when(Withdraw { id, amount: TEN })
            .then_rejects(|refused| matches!(refused, Refused::Overdrawn { .. }));
    }

    #[test]
    fn closing_twice_is_closing_once() {
        let id = Id::new();
        Scenario::<Account>::given(id, [opened(), Closed.into()])
            .when(Close { id })
            .then_nothing();
    }

    #[test]
    fn nothing_comes_into_a_closed_account() {
        let id = Id::new();
        let channel = String::from("online");
        Scenario::<Account>::given(id, [opened(), Closed.into()])
            .when(Deposit {
                id,
                amount: TEN,
                channel,
            })
            .then_rejects(|refused| *refused == Refused::Closed);
    }
}
