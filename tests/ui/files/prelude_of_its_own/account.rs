use crate::prelude::*;

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

#[commands]
impl Account {
    #[create]
    pub fn open() -> Opened {
        Opened
    }

    #[handle(Deposit)]
    pub fn pay_in(&self, command: Deposit) -> Deposited {
        self.deposit(command.amount)
    }

    fn deposit(&self, amount: i64) -> Deposited {
        Deposited { amount }
    }
}

fn sent(id: Id<Account>) {
    fn send(_: Deposit) {}
    send(Deposit { id, amount: 1 });
}
