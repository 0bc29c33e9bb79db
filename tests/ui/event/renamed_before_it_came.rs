use intent_runtime::prelude::*;

#[event(version = 3)]
pub struct Deposited {
    #[renamed(2, from = "memo")]
    #[since(3)]
    pub note: String,
}

fn main() {}
