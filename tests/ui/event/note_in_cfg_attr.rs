use intent_runtime::prelude::*;

#[event(version = 2)]
pub struct Deposited {
    pub amount: i64,
    #[cfg_attr(all(), since(2))]
    pub channel: String,
}

fn main() {}
