//! Types without `#[value]` or derives whose traits come from another file, by an alias, from a macro in a body, or are not needed.
#![allow(dead_code, non_local_definitions)]

use std::sync::Arc;

use intent_runtime::prelude::*;

mod impls;

#[event]
pub struct Deposited {
    pub amount: Money,
    pub renamed: Cash,
    pub inner: Inner,
    pub shared: Arc<Shared>,
}

pub struct Money(i64);

type Amount = Money;

pub struct Cash(i64);

pub struct Inner(i64);

/// It is never cloned.
#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Shared(i64);

fn main() {}
