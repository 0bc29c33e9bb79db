use intent_runtime::prelude::*;

#[event]
pub struct Deposited {
    pub channel: &'static str,
}

fn main() {}
