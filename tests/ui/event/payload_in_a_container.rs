use intent_runtime::prelude::*;

use std::collections::HashMap;

#[event]
pub struct Deposited {
    pub amounts: HashMap<String, Vec<Money>>,
    pub fee: Option<Money>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Money {
    Euro(i64),
}

pub fn total(deposited: &Deposited) -> usize {
    assert_eq!(deposited.fee, Some(Money::Euro(1)));
    deposited.clone().amounts.len()
}

fn main() {}
