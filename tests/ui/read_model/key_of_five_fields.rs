use intent_runtime::prelude::*;

#[derive(ReadModel, Clone)]
#[read_model(events(Deposited by |_| ((), (), (), (), ()) => ()))]
pub struct Balance {
    #[key]
    pub a: i64,
    #[key]
    pub b: i64,
    #[key]
    pub c: i64,
    #[key]
    pub d: i64,
    #[key]
    pub e: i64,
}

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited => ()))]
pub struct Account {
    #[id]
    id: Id<Account>,
}

#[event]
pub struct Opened;

#[event]
pub struct Deposited {
    pub amount: i64,
    pub branch: String,
}

fn main() {}
