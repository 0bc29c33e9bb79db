use intent_runtime::prelude::*;

#[event(version = 2)]
pub struct Deposited {
    pub amount: i64,
    #[since(2, default = 5)]
    pub channel: String,
}

fn main() {}
