//! Derives of other traits that are called like ours.
#![allow(dead_code)]

use intent_runtime::prelude::*;

/// Stands for a crate such as `rkyv`, whose derives have the names of serde's.
mod other {
    pub use std::hash::Hash as Serialize;
    pub use std::hash::Hash as Deserialize;
    pub use std::hash::Hash as JsonSchema;
}

#[derive(other::Serialize)]
#[event]
pub struct Above {
    pub amount: i64,
}

#[event]
#[derive(other::Serialize)]
pub struct Below {
    pub amount: i64,
}

#[value]
#[derive(other::Deserialize)]
pub enum Kind {
    One,
}

#[event]
#[derive(other::JsonSchema)]
pub struct Unit;

mod imported {
    use crate::other::Serialize;
    use intent_runtime::prelude::*;

    #[derive(Serialize)]
    #[value]
    pub struct Amount(i64);
}

fn main() {}
