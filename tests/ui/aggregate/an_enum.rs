use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited => ()))]
pub enum Account {
    Open(i64),
    Closed,
}

#[event]
pub struct Opened {
    pub owner: String,
}

#[event]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
