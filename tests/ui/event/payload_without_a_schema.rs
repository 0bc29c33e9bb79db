use intent_runtime::prelude::*;

use serde::{Deserialize, Serialize};

#[event]
pub struct Deposited {
    pub amount: Money,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Money(i64);

fn main() {}
