use intent_runtime::prelude::*;

#[derive(ReadModel, Clone)]
#[read_model(events(Deposited))]
pub struct Balance {
    #[key]
    pub account: Id<Account>,
    #[on(Deposited = |e| Channel::Branch(e.branch.clone()))]
    pub channel: Channel,
}

#[value]
#[derive(Default)]
pub enum Channel {
    #[default]
    Web,
    Branch(String),
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
