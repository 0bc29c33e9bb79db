use intent_runtime::prelude::*;

#[event]
pub struct Deposited {
    pub channels: Vec<&'static str>,
}

fn main() {}
