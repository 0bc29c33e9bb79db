use intent_runtime::prelude::*;

#[value]
pub enum Channel {
    #[serde(rename(serialize = "counter"))]
    Branch,
    Online,
}

fn main() {}
