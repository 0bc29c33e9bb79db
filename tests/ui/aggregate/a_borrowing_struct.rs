use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited => ()))]
pub struct Account<'a> {
    #[id]
    id: Id<Account<'static>>,
    owner: &'a str,
}

#[event]
pub struct Opened {
    pub owner: String,
}

#[event]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
