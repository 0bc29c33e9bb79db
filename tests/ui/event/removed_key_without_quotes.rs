use intent_runtime::prelude::*;

#[event(version = 2, removed(2, memo))]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
