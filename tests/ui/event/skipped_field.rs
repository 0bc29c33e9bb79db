use intent_runtime::prelude::*;

#[event]
pub struct Deposited {
    pub amount: i64,
    #[serde(skip)]
    pub fee: i64,
}

fn main() {}
