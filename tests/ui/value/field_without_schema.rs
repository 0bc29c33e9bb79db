use intent_runtime::prelude::*;

#[value]
pub struct Money {
    pub cents: i64,
    #[schemars(skip)]
    pub currency: String,
}

fn main() {}
