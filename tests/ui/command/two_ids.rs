use intent_runtime::prelude::*;

#[command]
pub struct Relocate {
    #[id]
    pub account: Id<Account>,
    #[id]
    pub other: Id<Account>,
}

#[commands]
impl Account {
    #[create(Relocate)]
    pub fn relocate(_: Relocate) -> Opened {
        Opened
    }
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
