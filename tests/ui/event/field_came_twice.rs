use intent_runtime::prelude::*;

#[event(version = 2)]
pub struct Deposited {
    pub amount: i64,
    #[since(2)]
    #[since(2)]
    pub memo: String,
}

fn main() {}
