use intent_runtime::prelude::*;

#[value]
pub enum Channel {
    Branch,
    #[serde(skip_deserializing)]
    Online,
}

fn main() {}
