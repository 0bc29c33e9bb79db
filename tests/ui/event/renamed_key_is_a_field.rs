use intent_runtime::prelude::*;

#[event(version = 2)]
pub struct Deposited {
    #[renamed(2, from = "memo")]
    pub note: String,
    pub memo: String,
}

fn main() {}
