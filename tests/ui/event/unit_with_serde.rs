use intent_runtime::prelude::*;

#[event]
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Closed;

fn main() {}
