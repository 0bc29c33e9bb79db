use intent_runtime::prelude::*;

#[value]
#[cfg_attr(all(), serde(rename_all = "lowercase"))]
pub enum Currency {
    Euro,
    Pound,
}

fn main() {}
