use intent_runtime::prelude::*;

#[event]
pub struct Deposited {
    pub amount: Option<Money>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Money;

fn main() {}
