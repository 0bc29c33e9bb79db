use intent_runtime::prelude::*;

#[commands]
impl Account {
    #[create(Deposit, allow("teller"))]
    pub fn open(_: Deposit) -> Opened {
        Opened
    }
    #[handle(Deposit, allow("manager", "teller"))]
    pub fn deposit(&self, command: Deposit) -> Deposited {
        Deposited {
            amount: command.amount,
        }
    }
}

#[command]
pub struct Deposit {
    #[id]
    pub id: Id<Account>,
    pub amount: i64,
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
