use intent_runtime::prelude::*;

#[commands]
impl Account {
    #[create]
    pub fn open() -> Opened {
        Opened
    }
    #[handle(allow("teller", "manager", "teller"))]
    pub fn deposit(&self, amount: i64) -> Deposited {
        Deposited { amount }
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
    let id = Id::<Account>::new();
    let _ = Deposit { id, amount: 5 };
}
