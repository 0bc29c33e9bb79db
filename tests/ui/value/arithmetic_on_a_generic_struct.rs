use intent_runtime::prelude::*;

#[value(arithmetic)]
pub struct Amount<T> {
    units: T,
}

fn main() {}
