use intent_runtime::prelude::*;

#[event(formerly("Deposited"))]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
