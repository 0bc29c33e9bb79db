use intent_runtime::prelude::*;

#[value(arithmetic)]
pub enum Money {
    Cents(i64),
}

fn main() {
    let _ = Money::Cents(1).checked_add(Money::Cents(2));
}
