use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), snapshot(every = 100, version = 2, from = AccountV1))]
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

#[derive(Aggregate)]
#[aggregate(created_by(Opened), snapshot(every = 100))]
pub struct AccountV1 {
    #[id]
    id: Id<AccountV1>,
}

fn main() {}
