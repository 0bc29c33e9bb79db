use intent_runtime::prelude::*;

#[event]
pub struct Deposited {
    pub channel: &str,
}

fn main() {}
