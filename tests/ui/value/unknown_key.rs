use intent_runtime::prelude::*;

#[value(crat = ::intent_runtime)]
pub struct Money {
    pub cents: i64,
}

fn main() {}
