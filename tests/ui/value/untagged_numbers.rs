use intent_runtime::prelude::*;

#[value]
#[serde(untagged)]
pub enum Reading {
    Exact(u8),
    Large(u64),
}

fn main() {}
