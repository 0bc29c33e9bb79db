use intent_runtime::prelude::*;

#[derive(Copy, Clone, PartialEq)]
#[derive(Debug)]
#[value]
pub enum Kind {
    Private,
    Shared,
}

fn main() {}
