use intent_runtime::prelude::*;

#[event]
pub struct Deposited {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

fn main() {}
