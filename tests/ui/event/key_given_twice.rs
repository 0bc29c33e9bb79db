use intent_runtime::prelude::*;

#[event(name = "Deposited", name = "PaidIn")]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
