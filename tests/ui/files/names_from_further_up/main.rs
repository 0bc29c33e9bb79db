//! A module within a file sends a command that is further up than the file.
#![allow(dead_code)]

mod account;

use intent_runtime::prelude::*;
use sent::Deposit;

mod sent {
    use intent_runtime::{Id, command};

    #[command]
    pub struct Deposit {
        #[id]
        pub id: Id<crate::account::Account>,
        pub amount: i64,
    }
}

fn main() {}
