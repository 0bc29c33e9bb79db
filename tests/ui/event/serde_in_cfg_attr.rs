use intent_runtime::prelude::*;

#[event(version = 2)]
pub struct Deposited {
    pub amount: i64,
    #[since(2)]
    #[cfg_attr(all(), serde(rename = "via"))]
    pub channel: String,
}

fn main() {}
