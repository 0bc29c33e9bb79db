use intent_runtime::prelude::*;

#[value]
pub union Number {
    pub int: i64,
    pub float: f64,
}

fn main() {}
