use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Deposited += |e| e.cents)]
    cents: i64,
}

#[event]
pub struct Opened;

#[event]
pub struct Deposited {
    pub cents: i64,
}

#[command]
#[derive(Clone)]
pub struct Deposit {
    #[id]
    pub account: Id<Account>,
    #[serde(default)]
    pub amount: Option<Money>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Money(i64);

#[commands]
impl Account {
    #[create]
    pub fn open() -> Opened {
        Opened
    }

    #[handle(Deposit)]
    pub fn deposit(&self, command: Deposit) -> Deposited {
        let cents = command.amount.map_or(0, |amount| amount.0);
        Deposited { cents }
    }
}

fn main() {}
