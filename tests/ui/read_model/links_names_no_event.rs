use intent_runtime::prelude::*;

#[derive(ReadModel, Clone)]
#[read_model(links(), events(Deposited by link))]
pub struct Branch {
    #[key]
    pub name: String,
    #[on(Deposited += |e| e.amount)]
    pub came_in: i64,
}

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited => ()))]
pub struct Account {
    #[id]
    id: Id<Account>,
}

#[event]
pub struct Opened {
    pub branch: String,
}

#[event]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
