use intent_runtime::prelude::*;

#[value]
pub struct Money {
    #[on(Deposited = 1)]
    cents: i64,
}

fn main() {}
