use intent_runtime::prelude::*;

#[commands]
impl Account {
    #[handle]
    pub fn loan_event(&self) -> Deposited {
        Deposited { amount: 1 }
    }
}

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Deposited += |e| e.amount)]
    balance: i64,
}

#[event]
pub struct Opened;

#[event]
pub struct Deposited {
    pub amount: i64,
}

#[derive(Aggregate)]
#[aggregate(created_by(LoanOpened), events())]
pub struct Loan {
    #[id]
    id: Id<Loan>,
}

#[event]
pub struct LoanOpened;

fn main() {}
