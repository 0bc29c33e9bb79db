use intent_runtime::prelude::*;

#[value(version = 2)]
pub struct Money {
    pub cents: i64,
}

fn main() {}
