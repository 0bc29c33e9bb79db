use intent_runtime::prelude::*;

#[event]
#[value]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
