use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), snapshot(every = 100, version = 0))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    owner: String,
}

#[event]
pub struct Opened {
    pub owner: String,
}

fn main() {}
