use intent_runtime::prelude::*;

#[derive(Aggregate, serde::Serialize, serde::Deserialize)]
#[aggregate(created_by(Opened), events(), snapshot(every = 100))]
#[serde(rename_all(serialize = "camelCase"))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    owned_by: String,
}

#[event]
pub struct Opened {
    pub owner: String,
}

fn main() {}
