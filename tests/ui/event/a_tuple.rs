use intent_runtime::prelude::*;

#[event]
pub struct Deposited(pub i64, pub String);

fn main() {}
