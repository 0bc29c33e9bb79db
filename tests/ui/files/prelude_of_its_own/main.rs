//! A command that is written by hand comes from the crate's own prelude, and a helper has the name that it would have.
#![allow(dead_code)]

mod account;

mod sent {
    use intent_runtime::{Id, command};

    #[command]
    pub struct Deposit {
        #[id]
        pub id: Id<crate::account::Account>,
        pub amount: i64,
    }
}

mod prelude {
    pub use crate::sent::Deposit;
    pub use intent_runtime::prelude::*;
}

fn main() {}
