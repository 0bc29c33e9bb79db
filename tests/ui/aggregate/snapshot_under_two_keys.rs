use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(), snapshot(every = 100))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    #[serde(default, rename(serialize = "holder"))]
    owner: String,
}

#[event]
pub struct Opened {
    pub owner: String,
}

fn main() {}
