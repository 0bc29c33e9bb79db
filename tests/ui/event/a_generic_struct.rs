use intent_runtime::prelude::*;

#[event]
pub struct Deposited<T> {
    pub amount: T,
}

fn main() {}
