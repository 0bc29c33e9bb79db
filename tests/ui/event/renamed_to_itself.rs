use intent_runtime::prelude::*;

#[event(version = 2)]
pub struct Deposited {
    #[renamed(2, from = "amount")]
    pub amount: i64,
}

fn main() {}
