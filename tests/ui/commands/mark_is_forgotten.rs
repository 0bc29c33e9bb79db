use intent_runtime::prelude::*;

#[commands]
impl Account {
    #[create]
    pub fn open() -> Opened {
        Opened
    }
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

async fn pay(app: App, id: Id<Account>) {
    app.send(Deposit { id, amount: 1 }).await.unwrap();
}

fn main() {}
