use intent_runtime::prelude::*;

#[event(verison = 2)]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
