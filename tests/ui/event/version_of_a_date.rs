use intent_runtime::prelude::*;

#[event(version = 20261124)]
pub struct Deposited {
    pub amount: i64,
    pub channel: String,
}

fn main() {}
