use intent_runtime::prelude::*;

#[event]
pub struct Deposited {
    #[serde(serialize_with = "as_text")]
    pub amount: i64,
}

pub fn as_text<S: serde::Serializer>(amount: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

fn main() {}
