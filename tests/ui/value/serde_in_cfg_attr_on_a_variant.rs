use intent_runtime::prelude::*;

#[value]
pub enum Currency {
    Euro,
    #[cfg_attr(all(), serde(rename = "GBP"))]
    Pound,
}

fn main() {}
