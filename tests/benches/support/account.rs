//! The account of the benches, with the same fold written out by hand beside it.

use intent_runtime::model::AggregateEvent;
use intent_runtime::{HistoryError, prelude::*};

#[derive(Aggregate, Debug, Clone, PartialEq)]
#[aggregate(created_by(Opened), events(Deposited, Withdrawn, Renamed))]
pub struct Account {
    #[id]
    pub id: Id<Account>,
    #[on(Opened = |e| e.owner.clone(), Renamed = |e| e.owner.clone())]
    pub owner: String,
    #[on(Deposited += |e| e.amount, Withdrawn -= |e| e.amount)]
    pub balance: i64,
    #[on(Deposited += 1)]
    pub deposits: u64,
}

#[event]
pub struct Opened {
    pub owner: String,
}

#[event]
pub struct Deposited {
    pub amount: i64,
    pub channel: String,
}

#[event]
pub struct Withdrawn {
    pub amount: i64,
}

#[event]
pub struct Renamed {
    pub owner: String,
}

/// The same state, folded by a `match` as one would write it.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    pub id: Id<Account>,
    pub owner: String,
    pub balance: i64,
    pub deposits: u64,
}

impl Written {
    pub fn init(id: Id<Account>, event: &AccountEvent) -> Option<Self> {
        let AccountEvent::Opened(opened) = event else {
            return None;
        };
        Some(Self {
            id,
            owner: opened.owner.clone(),
            balance: 0,
            deposits: 0,
        })
    }

    pub fn apply(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Opened(_) => {}
            AccountEvent::Deposited(deposited) => {
                self.balance += deposited.amount;
                self.deposits += 1;
            }
            AccountEvent::Withdrawn(withdrawn) => self.balance -= withdrawn.amount,
            AccountEvent::Renamed(renamed) => self.owner = renamed.owner.clone(),
        }
    }

    pub fn rehydrate(
        id: Id<Account>,
        events: impl IntoIterator<Item = AccountEvent>,
    ) -> Result<Option<Self>, HistoryError> {
        let mut state: Option<Self> = None;
        for (version, event) in (1..).map(Version::new).zip(events) {
            match (&mut state, event) {
                (Some(_), AccountEvent::Opened(_)) => {
                    return Err(HistoryError::CreatedAgain {
                        aggregate: "Account",
                        version,
                        event: "Opened",
                    });
                }
                (Some(state), event) => state.apply(&event),
                (None, event) => {
                    let created = Self::init(id, &event);
                    state = Some(created.ok_or(HistoryError::NotCreated {
                        aggregate: "Account",
                        version,
                        event: event.name(),
                    })?);
                }
            }
        }
        Ok(state)
    }
}

/// A history of `count` small events.
pub fn history(count: usize) -> Vec<AccountEvent> {
    let mut events = Vec::with_capacity(count);
    events.push(
        Opened {
            owner: "Ada".into(),
        }
        .into(),
    );
    for index in 1..count {
        let amount = i64::try_from(index % 97).unwrap_or(0);
        events.push(if index % 3 == 0 {
            Withdrawn { amount }.into()
        } else {
            let channel = String::from("counter");
            Deposited { amount, channel }.into()
        });
    }
    events
}
