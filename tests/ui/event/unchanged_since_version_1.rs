use intent_runtime::prelude::*;

#[event(version = 2, unchanged(1, 2))]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
