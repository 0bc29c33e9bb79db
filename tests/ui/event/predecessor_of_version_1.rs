use intent_runtime::prelude::*;

#[event(name = "Deposited")]
pub struct DepositedV0 {
    pub cents: i64,
}

#[event(version = 1, from = DepositedV0)]
pub struct Deposited {
    pub amount: i64,
}

impl From<DepositedV0> for Deposited {
    fn from(old: DepositedV0) -> Self {
        Self { amount: old.cents }
    }
}

fn main() {}
