use intent_runtime::prelude::*;

#[value]
#[serde(untagged)]
pub enum Reference {
    Order(String),
    Customer(String),
}

fn main() {}
