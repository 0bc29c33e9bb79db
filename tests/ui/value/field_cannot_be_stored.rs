use intent_runtime::prelude::*;

#[value]
pub struct Price<T> {
    pub of: T,
    pub amount: Box<Money>,
}

pub struct Money(i64);

fn main() {}
