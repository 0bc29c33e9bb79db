use intent_runtime::prelude::*;

#[event(readable_by(1))]
pub struct Deposited {
    pub amount: i64,
    pub channel: String,
}

fn main() {}
