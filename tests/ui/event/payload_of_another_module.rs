use intent_runtime::prelude::*;

mod money {
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Money(i64);
}

#[event]
pub struct Deposited {
    pub amount: money::Money,
}

fn main() {}
