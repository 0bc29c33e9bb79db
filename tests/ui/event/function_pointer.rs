use intent_runtime::prelude::*;

#[event]
pub struct Deposited {
    pub amount: fn(i64) -> i64,
}

fn main() {}
