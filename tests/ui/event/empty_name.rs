use intent_runtime::prelude::*;

#[event(name = "")]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
