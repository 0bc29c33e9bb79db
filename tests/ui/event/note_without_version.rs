use intent_runtime::prelude::*;

#[event(version = 2)]
pub struct Deposited {
    pub amount: i64,
    #[since(default = "counter".into())]
    pub channel: String,
}

fn main() {}
