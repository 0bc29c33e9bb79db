use intent_runtime::prelude::*;

#[commands]
impl Account {
    #[handle]
    pub fn option(&self) -> Deposited {
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

fn main() {
    let _: Option<u8> = None;
}
