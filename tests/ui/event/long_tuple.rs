use intent_runtime::prelude::*;

#[event]
pub struct Deposited {
    pub days: (u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8),
}

fn main() {}
