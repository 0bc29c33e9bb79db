use intent_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Aggregate)]
#[aggregate(created_by(Opened))]
pub struct Account {
    #[id]
    id: Id<Account>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Opened {
    pub owner: String,
}

impl Event for Opened {
    const NAME: &'static str = "Opened";
    const VERSION: u32 = 2;
    const READABLE_BY: Option<u32> = Some(2);
}

fn main() {}
