use intent_runtime::prelude::*;

#[event(version = 2, upcast(2 => from_v2))]
pub struct Deposited {
    pub amount: i64,
}

fn from_v2(v2: JsonObject) -> Result<JsonObject, UpcastError> {
    Ok(v2)
}

fn main() {}
