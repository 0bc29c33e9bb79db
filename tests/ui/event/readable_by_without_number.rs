use intent_runtime::prelude::*;

#[event(version = 2, readable_by = 1)]
pub struct Deposited {
    pub amount: i64,
    #[since(2)]
    pub channel: String,
}

fn main() {}
