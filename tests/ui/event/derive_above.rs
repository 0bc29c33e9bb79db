use intent_runtime::prelude::*;

#[derive(Clone, Debug)]
#[event]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
