use intent_runtime::prelude::*;

#[event]
#[serde(from = "String")]
pub struct Deposited {
    pub amount: i64,
    pub channel: String,
}

impl From<String> for Deposited {
    fn from(channel: String) -> Self {
        Self { amount: 0, channel }
    }
}

fn main() {}
