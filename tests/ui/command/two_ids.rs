use intent_runtime::prelude::*;

#[command]
pub struct Relocate {
    #[id]
    pub account: Id<Account>,
    #[id]
    pub other: Id<Account>,
}

#[derive(Aggregate)]
#[aggregate(created_by(Opened))]
pub struct Account {
    #[id]
    id: Id<Account>,
}

#[event]
pub struct Opened;

fn main() {}
