use intent_runtime::prelude::*;

#[value]
pub struct Money {
    pub cents: i64,
    #[serde(skip_serializing)]
    pub currency: String,
}

fn main() {}
