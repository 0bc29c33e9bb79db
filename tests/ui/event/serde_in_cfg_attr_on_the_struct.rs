use intent_runtime::prelude::*;

#[event]
#[cfg_attr(all(), serde(rename_all = "camelCase"))]
pub struct Deposited {
    pub in_cents: i64,
}

fn main() {}
