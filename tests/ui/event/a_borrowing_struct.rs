use intent_runtime::prelude::*;

#[event]
pub struct Deposited<'a> {
    pub channel: &'a str,
}

fn main() {}
