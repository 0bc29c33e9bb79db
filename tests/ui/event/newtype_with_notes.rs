use intent_runtime::prelude::*;

#[event(version = 2)]
pub struct Deposited(#[since(2)] pub i64);

fn main() {}
