use intent_runtime::prelude::*;

#[event(version = 3, readable_by(1), unchanged(3))]
pub struct Deposited {
    pub amount: i64,
    #[renamed(2, from = "via")]
    pub channel: String,
}

fn main() {}
