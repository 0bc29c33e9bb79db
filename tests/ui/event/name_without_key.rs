use intent_runtime::prelude::*;

#[event("Deposited")]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
