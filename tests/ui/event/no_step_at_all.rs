use intent_runtime::prelude::*;

#[event(version = 3)]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
