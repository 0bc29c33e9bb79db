use intent_runtime::prelude::*;

#[value]
pub enum Channel {
    #[serde(rename(serialize = "counter"))]
    Counter,
    Online,
}

fn main() {}
