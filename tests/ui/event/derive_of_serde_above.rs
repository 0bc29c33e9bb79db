use intent_runtime::prelude::*;

#[derive(serde::Serialize, serde::Deserialize)]
#[event(version = 2)]
/// Money came in.
pub struct Deposited {
    #[since(2)]
    pub amount: i64,
}

fn main() {}
