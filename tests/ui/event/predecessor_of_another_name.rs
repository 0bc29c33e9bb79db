use intent_runtime::prelude::*;

#[event]
pub struct DepositedV1 {
    pub cents: i64,
}

#[event(version = 2, from = DepositedV1)]
pub struct Deposited {
    pub amount: i64,
}

impl From<DepositedV1> for Deposited {
    fn from(v1: DepositedV1) -> Self {
        Self { amount: v1.cents }
    }
}

fn main() {}
