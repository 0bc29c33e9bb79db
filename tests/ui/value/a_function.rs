use intent_runtime::prelude::*;

#[value]
pub fn money() {}

fn main() {}
