use intent_runtime::prelude::*;

#[event(version = 2)]
#[serde(rename_all = "camelCase")]
pub struct Deposited {
    pub amount: i64,
    #[since(2)]
    pub paid_at: String,
}

fn main() {}
