use intent_runtime::prelude::*;

#[event]
pub struct Deposited {
    #[id]
    pub amount: i64,
}

fn main() {}
