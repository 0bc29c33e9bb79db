use intent_runtime::prelude::*;

#[value]
#[serde(untagged)]
pub enum Payment {
    Cash { cents: u64 },
    Card { cents: u64, number: String },
}

fn main() {}
