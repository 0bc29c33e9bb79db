//! Commands with names that the prelude has as well, where nothing needs those of the prelude.
#![allow(dead_code)]


mod without {
    use intent_runtime::{Aggregate, Id, commands, create, event, handle};

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
        pub fn receipt(&self) -> Deposited {
            Deposited { amount: 1 }
        }

        #[handle]
        pub fn tenant(&self) -> Deposited {
            Deposited { amount: 1 }
        }
    }

    use intent_runtime::Timestamp as Time;

    fn now() -> Time {
        Time::now()
    }
}

mod with {
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
        pub fn receipt(&self) -> Deposited {
            Deposited { amount: 1 }
        }

        #[handle]
        pub fn version(&self) -> Deposited {
            Deposited { amount: 1 }
        }

        #[handle]
        pub fn string(&self) -> Deposited {
            Deposited { amount: 1 }
        }

        #[handle]
        pub fn timestamp(&self) -> Deposited {
            Deposited { amount: 1 }
        }
    }

    impl Timestamp {
        fn now(id: Id<Account>) -> Self {
            Self { id }
        }
    }

    pub fn all() -> (Receipt, Version, crate::Words, Timestamp) {
        let id = Id::new();
        assert_eq!(Version::NAME, "Version");
        (Receipt { id }, Version { id }, std::string::String::new(), Timestamp::now(id))
    }
}

type Words = String;

fn main() {
    with::all();
}
