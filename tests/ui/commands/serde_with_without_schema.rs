use intent_runtime::prelude::*;

#[commands]
impl Account {
    #[create]
    pub fn open(#[serde(with = "as_text")] amount: i64) -> Opened {
        let _ = amount;
        Opened
    }
}

#[derive(Aggregate)]
#[aggregate(created_by(Opened))]
pub struct Account {
    #[id]
    id: Id<Account>,
}

#[event]
pub struct Opened;

mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(amount: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(amount)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

fn main() {}
