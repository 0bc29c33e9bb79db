//! What has the name of a command stands in another module, or is the command itself.
#![allow(dead_code)]


mod model {
    use intent_runtime::prelude::*;

    #[derive(Aggregate)]
    #[aggregate(created_by(Opened), events(Deposited))]
    pub struct Account {
        #[id]
        id: Id<Account>,
        #[on(Deposited += |e| e.amount)]
        balance: i64,
    }

    #[event]
    pub struct Opened;

    #[event]
    pub struct Deposited {
        pub amount: i64,
    }
}

mod other {
    pub struct PayIn;
    pub struct Account;
}

use intent_runtime::prelude::*;
use model::{Deposited, Opened};

#[commands]
impl model::Account {
    #[create]
    pub fn open() -> Opened {
        Opened
    }

    #[handle]
    pub fn pay_in(&self, amount: i64) -> Deposited {
        Deposited { amount }
    }

    /// The aggregate stands elsewhere.
    #[handle]
    pub fn account(&self, amount: i64) -> Deposited {
        Deposited { amount }
    }

    #[handle]
    pub fn account_event(&self, amount: i64) -> Deposited {
        Deposited { amount }
    }

    #[handle]
    pub fn merge(&self, others: Vec<Merge>, last: Option<Box<Merge>>) -> Deposited {
        let amount = others.iter().chain(last.as_deref()).count();
        Deposited { amount: amount as i64 }
    }

    #[handle]
    pub fn r#match(&self, r#type: u8) -> Deposited {
        Deposited { amount: r#type.into() }
    }

    fn t(&self) -> i64 {
        1
    }

    fn string(&self) -> i64 {
        self.t()
    }
}

fn same<T>(id: T) -> T {
    id
}

fn name(id: String) -> String { id }

fn main() {
    let id = Id::new();
    let _ = (same(Match { id, r#type: 1 }), Account { id, amount: 1 }, name(String::new()));
}
