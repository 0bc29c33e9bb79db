//! Names that look like those of a field, a type or the prelude, and are not.
#![allow(dead_code, non_upper_case_globals)]

use intent_runtime::prelude::*;

static rate: i64 = 2;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Deposited += |e| e.amount * rate)]
    balance: i64,
    rate: i64,
}

#[event]
pub struct Opened;

#[event]
pub struct Deposited {
    pub amount: i64,
}

#[commands]
impl Account {
    #[create]
    pub fn open() -> Opened {
        Opened
    }

    #[handle]
    pub fn tenant(&self) -> Deposited {
        Deposited { amount: 1 }
    }

    #[handle]
    pub fn build(&self) -> Deposited {
        Deposited { amount: 1 }
    }
}

trait Named {
    fn of(name: &str) -> usize {
        name.len()
    }
}

impl<T> Named for T {}

mod macros {
    macro_rules! build {
        ($value:expr) => {
            $value
        };
    }
    pub(crate) use build;
}

use macros::build as Build;

fn same<Build>(value: Build) -> Build {
    Build!(value)
}

fn main() {
    assert_eq!(Tenant::of("ada"), same(3));
}
