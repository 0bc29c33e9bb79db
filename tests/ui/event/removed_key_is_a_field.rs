use intent_runtime::prelude::*;

#[event(version = 2, removed(2, "amount"))]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
