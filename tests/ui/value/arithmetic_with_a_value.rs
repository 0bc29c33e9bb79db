use intent_runtime::prelude::*;

#[value(arithmetic = "checked")]
pub struct Money {
    cents: i64,
}

fn main() {}
