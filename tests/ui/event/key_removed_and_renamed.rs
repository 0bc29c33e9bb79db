use intent_runtime::prelude::*;

#[event(version = 2, removed(2, "memo"))]
pub struct Deposited {
    #[renamed(2, from = "memo")]
    pub note: String,
}

fn main() {}
