//! Macros that declare types, and one that drops what has the name of a command.
#![allow(dead_code)]

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

#[commands]
impl Account {
    #[create]
    pub fn open() -> Opened {
        Opened
    }

    #[handle]
    pub fn pay_in(&self, amount: i64) -> Deposited {
        self.deposit(amount)
    }

    fn deposit(&self, amount: i64) -> Deposited {
        Deposited { amount }
    }
}

macro_rules! unit {
    ($name:ident) => {
        struct $name;
    };
}

macro_rules! without {
    ($_:item $($items:tt)*) => { $($items)* };
}

mod dropped {
    use intent_runtime::prelude::*;

    without! {
        struct PayIn;
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

        #[commands]
        impl Account {
            #[create]
            pub fn open() -> Opened {
                Opened
            }

            #[handle]
            pub fn pay_in(&self, amount: i64) -> Deposited {
                self.deposit(amount)
            }

            fn deposit(&self, amount: i64) -> Deposited {
                Deposited { amount }
            }
        }
    }
}

fn local() {
    fn send(_: Deposit) {}
    macro_rules! deposit {
        () => {
            struct Deposit {
                id: u8,
            }
        };
    }
    deposit!();
    send(Deposit { id: 1 });
}

fn main() {
    unit!(Local);
    let _ = Local;
}
