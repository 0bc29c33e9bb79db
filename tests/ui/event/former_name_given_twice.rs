use intent_runtime::prelude::*;

#[event(formerly("PaidIn", "Received", "PaidIn"))]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
