use intent_runtime::prelude::*;

#[event]
#[event]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
