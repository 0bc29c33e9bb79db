use intent_runtime::prelude::*;

#[value(arithmetic)]
#[derive(Copy, Default)]
pub struct Money {
    euros: f64,
}

#[derive(Aggregate)]
#[aggregate(created_by(Opened))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Opened += |e| e.paid_in)]
    balance: Money,
}

#[event]
pub struct Opened {
    pub paid_in: Money,
}

fn main() {
    let _ = Money { euros: 1.0 }.checked_add(Money { euros: 1.0 });
}
