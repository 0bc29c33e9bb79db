use intent_runtime::prelude::*;

#[event]
#[serde(rename_all(serialize = "camelCase"))]
pub struct Deposited {
    pub in_cents: i64,
}

fn main() {}
