use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(), snapshot(every = 100))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    #[serde(default, serialize_with = "hidden")]
    owner: String,
}

fn hidden<S: serde::Serializer>(_: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("***")
}

#[event]
pub struct Opened {
    pub owner: String,
}

fn main() {}
