//! The file with the aggregate is included, and has its names from where that is done.
#![allow(dead_code)]

mod account {
    use crate::prelude::*;

    include!("account.rs");
}

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
