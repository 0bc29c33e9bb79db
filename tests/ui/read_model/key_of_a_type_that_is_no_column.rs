use intent_runtime::prelude::*;

#[derive(ReadModel, Clone)]
#[read_model(events(Deposited by |e| Branch(e.branch.clone())))]
pub struct Day {
    #[key]
    pub branch: Branch,
    #[on(Deposited += 1)]
    pub count: i64,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Branch(String);

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
