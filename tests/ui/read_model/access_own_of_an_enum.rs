use intent_runtime::prelude::*;

#[derive(ReadModel, Clone)]
#[read_model(events(Deposited), access(role = "customer", own = standing))]
pub struct Balance {
    #[key]
    pub account: Id<Account>,
    #[on(Deposited = Standing::Paid)]
    pub standing: Standing,
}

#[value]
#[derive(Default)]
pub enum Standing {
    #[default]
    New,
    Paid,
}

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited => ()))]
pub struct Account {
    #[id]
    id: Id<Account>,
}

#[event]
pub struct Opened;

#[event]
pub struct Deposited {
    pub amount: i64,
    pub branch: String,
}

fn main() {}
