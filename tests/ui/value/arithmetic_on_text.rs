use intent_runtime::prelude::*;

#[value(arithmetic)]
pub struct Money {
    cents: String,
}

fn main() {}
