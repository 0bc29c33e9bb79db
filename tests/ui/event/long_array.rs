use intent_runtime::prelude::*;

#[event]
pub struct Deposited {
    pub hash: [u8; 64],
}

fn main() {}
