use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened))]
pub struct Account {
    #[id]
    id: Id<Account>,
}

#[event]
pub struct Opened;

#[commands]
impl Account {
    #[create]
    pub fn open() {}
}

fn main() {}
