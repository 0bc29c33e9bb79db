use intent_runtime::prelude::*;

#[event(name = "Deposited")]
pub struct DepositedV1 {
    pub cents: i64,
}

#[event(version = 2, from = DepositedV1)]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
