use intent_runtime::prelude::*;

#[command]
pub struct Relocate(pub Id<Account>);

#[derive(Aggregate)]
#[aggregate(created_by(Opened))]
pub struct Account {
    #[id]
    id: Id<Account>,
}

#[event]
pub struct Opened;

fn main() {}
