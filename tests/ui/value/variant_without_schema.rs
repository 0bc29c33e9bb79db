use intent_runtime::prelude::*;

#[value]
pub enum Currency {
    Euro,
    #[schemars(skip)]
    Pound,
}

fn main() {}
