use intent_runtime::prelude::*;

#[event]
pub enum Moved {
    In,
    Out,
}

fn main() {}
