use intent_runtime::prelude::*;

#[value]
pub struct Hash<const N: usize> {
    pub bytes: [u8; N],
}

fn main() {}
