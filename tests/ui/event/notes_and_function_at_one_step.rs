use intent_runtime::prelude::*;

#[event(version = 2, upcast(1 => from_v1))]
pub struct Deposited {
    pub amount: i64,
    #[since(2)]
    pub channel: String,
}

fn from_v1(v1: JsonObject) -> Result<JsonObject, UpcastError> {
    Ok(v1)
}

fn main() {}
