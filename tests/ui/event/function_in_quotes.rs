use intent_runtime::prelude::*;

#[event(version = 2, upcast(1 => "up"))]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
