use intent_runtime::prelude::*;

#[event(version = 4, upcast(1 => from_v1, 3 => from_v3))]
pub struct Deposited {
    pub amount: i64,
}

fn from_v1(v1: JsonObject) -> Result<JsonObject, UpcastError> {
    Ok(v1)
}

fn from_v3(v3: JsonObject) -> Result<JsonObject, UpcastError> {
    Ok(v3)
}

fn main() {}
