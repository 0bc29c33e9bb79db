use intent_runtime::prelude::*;

#[event(version = 1 name = "account.deposited")]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
