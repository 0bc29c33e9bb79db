use intent_runtime::prelude::*;

#[derive(Aggregate, serde::Serialize)]
#[aggregate(created_by(Opened), events(), snapshot(every = 100))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    #[serde(skip)]
    owner: String,
}

#[event]
pub struct Opened {
    pub owner: String,
}

fn main() {}
