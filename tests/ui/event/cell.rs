use intent_runtime::prelude::*;

#[event]
pub struct Deposited {
    pub amount: std::cell::Cell<i64>,
}

fn main() {}
