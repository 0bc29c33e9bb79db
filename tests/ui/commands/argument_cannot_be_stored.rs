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

pub struct Money(i64);

#[commands]
impl Account {
    #[create]
    pub fn open() -> Opened {
        Opened
    }

    #[handle]
    pub fn deposit(&self, amount: Money) -> Deposited {
        Deposited { cents: amount.0 }
    }

    #[handle]
    pub fn deposit_twice(&self, first: Money, second: Money) -> [Deposited; 2] {
        [first, second].map(|amount| Deposited { cents: amount.0 })
    }
}

pub fn twice(deposit: &Deposit) -> DepositTwice {
    let id = deposit.clone().id;
    DepositTwice {
        id,
        first: Money(1),
        second: Money(2),
    }
}

fn main() {}
