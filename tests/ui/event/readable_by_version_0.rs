use intent_runtime::prelude::*;

#[event(version = 3, readable_by(0), unchanged(3))]
pub struct Deposited {
    pub amount: i64,
    #[since(2)]
    pub channel: String,
}

fn main() {}
