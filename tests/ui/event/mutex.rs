use intent_runtime::prelude::*;

#[event]
pub struct Deposited {
    pub amount: Option<std::sync::Mutex<i64>>,
}

fn main() {}
