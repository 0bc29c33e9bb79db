use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(name = "Ledger", formerly("Account", "Ledger"), created_by(Opened))]
pub struct Account {
    #[id]
    id: Id<Account>,
}

#[event]
pub struct Opened;

fn main() {}
