use intent_runtime::prelude::*;

#[event]
pub struct Deposited {
    pub amount: i64,
    #[schemars(skip)]
    pub channel: String,
}

fn main() {}
