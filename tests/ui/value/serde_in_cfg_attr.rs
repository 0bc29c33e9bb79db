use intent_runtime::prelude::*;

#[value]
pub struct Money {
    #[cfg_attr(all(), serde(rename = "amount"))]
    pub cents: i64,
}

fn main() {}
