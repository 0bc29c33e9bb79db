use intent_runtime::prelude::*;

#[event(formerly())]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
