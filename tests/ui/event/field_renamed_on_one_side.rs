use intent_runtime::prelude::*;

#[event]
pub struct Deposited {
    #[serde(rename(serialize = "sum", deserialize = "amount"))]
    pub amount: i64,
}

fn main() {}
