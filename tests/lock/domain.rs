//! One small domain as it was recorded, and as each change left it.

use intent_runtime::{Aggregate, Domain, catalogue::Catalogue};

/// The catalogue of one aggregate.
pub fn catalogue<A: Aggregate>() -> Catalogue {
    Domain::of::<A>().catalogue().clone()
}

/// A module with the domain, in which one event or command is what the case is about.
macro_rules! domain {
    ($module:ident, $($rest:tt)*) => {
        pub mod $module {
            use intent_runtime::prelude::*;

            $($rest)*
        }
    };
}

domain! { recorded,
    #[derive(Aggregate)]
    #[aggregate(created_by(Opened), events(Deposited => (), Noted => ()))]
    pub struct Account {
        #[id]
        id: Id<Account>,
    }

    #[event]
    pub struct Opened;

    #[event(version = 2)]
    pub struct Deposited {
        pub amount: Money,
        #[since(2, default = "counter".into())]
        pub channel: String,
    }

    #[event]
    pub struct Noted {
        pub text: String,
    }

    #[value]
    pub struct Money {
        pub cents: i64,
        pub currency: Currency,
    }

    #[value]
    pub enum Currency {
        Euro,
        Pound,
    }

    #[commands]
    impl Account {
        #[create]
        pub fn open() -> Opened {
            Opened
        }

        #[handle]
        pub fn note(&self, text: String) -> Noted {
            Noted { text }
        }
    }
}

/// The recorded domain with another `Deposited`.
macro_rules! deposited {
    ($module:ident, $($rest:tt)*) => {
        domain! { $module,
            #[allow(unused_imports)]
            pub use super::recorded::{Currency, Money, Noted, Opened};

            #[derive(Aggregate)]
            #[aggregate(created_by(Opened), events(Deposited => (), Noted => ()))]
            pub struct Account {
                #[id]
                id: Id<Account>,
            }

            $($rest)*

            #[commands]
            impl Account {
                #[create]
                pub fn open() -> Opened {
                    Opened
                }

                #[handle]
                pub fn note(&self, text: String) -> Noted {
                    Noted { text }
                }
            }
        }
    };
}

deposited! { field_renamed,
    #[event(version = 2)]
    pub struct Deposited {
        pub amount: Money,
        #[since(2, default = "counter".into())]
        pub route: String,
    }
}

deposited! { field_added,
    #[event(version = 2)]
    pub struct Deposited {
        pub amount: Money,
        #[since(2, default = "counter".into())]
        pub channel: String,
        pub by: u64,
    }
}

deposited! { field_removed,
    #[event(version = 2, unchanged(2))]
    pub struct Deposited {
        pub amount: Money,
    }
}

deposited! { type_changed,
    #[event(version = 2)]
    pub struct Deposited {
        pub amount: i64,
        #[since(2, default = "counter".into())]
        pub channel: String,
    }
}

deposited! { field_optional,
    #[event(version = 2)]
    pub struct Deposited {
        pub amount: Money,
        #[since(2)]
        pub channel: Option<String>,
    }
}

deposited! { newtype,
    #[event]
    pub struct DepositedV1(pub i64);

    #[event(version = 2, name = "DepositedV1", from = DepositedV1)]
    pub struct Deposited(pub i64);

    impl From<DepositedV1> for Deposited {
        fn from(old: DepositedV1) -> Self {
            Self(old.0)
        }
    }
}

deposited! { newtype_changed,
    #[event]
    pub struct DepositedV1(pub i64);

    #[event(version = 2, name = "DepositedV1", from = DepositedV1)]
    pub struct Deposited(pub String);

    impl From<DepositedV1> for Deposited {
        fn from(old: DepositedV1) -> Self {
            Self(old.0.to_string())
        }
    }
}

deposited! { predecessor_changed,
    #[event]
    pub struct DepositedV1(pub u32);

    #[event(version = 2, name = "DepositedV1", from = DepositedV1)]
    pub struct Deposited(pub i64);

    impl From<DepositedV1> for Deposited {
        fn from(old: DepositedV1) -> Self {
            Self(old.0.into())
        }
    }
}

deposited! { value_changed,
    #[event(version = 2)]
    pub struct Deposited {
        pub amount: Cents,
        #[since(2, default = "counter".into())]
        pub channel: String,
    }

    #[value]
    pub struct Cents {
        pub cents: i64,
        pub currency: Coin,
    }

    #[value]
    pub enum Coin {
        Euro,
        PoundSterling,
    }
}

deposited! { value_grown,
    #[event(version = 2)]
    pub struct Deposited {
        pub amount: Cents,
        #[since(2, default = "counter".into())]
        pub channel: String,
    }

    #[value]
    pub struct Cents {
        pub cents: i64,
        pub currency: Coin,
    }

    #[value]
    pub enum Coin {
        Euro,
        Pound,
        Zloty,
    }
}

deposited! { version_lowered,
    #[event]
    pub struct Deposited {
        pub amount: Money,
    }
}

deposited! { version_raised,
    #[event(version = 3)]
    pub struct Deposited {
        pub amount: Money,
        #[since(2, default = "counter".into())]
        #[renamed(3, from = "channel")]
        pub route: String,
    }
}

// An event by hand whose versions have no way to each other.
deposited! { no_way,
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
    pub struct Deposited {
        pub amount: Money,
    }

    impl Event for Deposited {
        const NAME: &'static str = "Deposited";
        const VERSION: u32 = 3;
    }
}

/// The recorded domain with another list of events, or another name.
macro_rules! account {
    ($module:ident, $name:ident, { $($args:tt)* }, $($rest:tt)*) => {
        domain! { $module,
            #[allow(unused_imports)]
            pub use super::recorded::{Currency, Deposited, Money, Noted, Opened};

            #[derive(Aggregate)]
            #[aggregate($($args)*)]
            pub struct $name {
                #[id]
                id: Id<$name>,
            }

            $($rest)*
        }
    };
}

account! { event_removed, Account, { created_by(Opened), events(Deposited => ()) },
    #[commands]
    impl Account {
        #[create]
        pub fn open() -> Opened {
            Opened
        }
    }
}

account! { event_renamed, Account, { created_by(Opened), events(Deposited => (), Remarked => ()) },
    #[event]
    pub struct Remarked {
        pub text: String,
    }

    #[commands]
    impl Account {
        #[create]
        pub fn open() -> Opened {
            Opened
        }

        #[handle]
        pub fn note(&self, text: String) -> Remarked {
            Remarked { text }
        }
    }
}

account! { aggregate_renamed, Ledger, { created_by(Opened), events(Deposited => (), Noted => ()) }, }

account! { aggregate_known, Ledger, {
    formerly("Account"), created_by(Opened), events(Deposited => (), Noted => ())
}, }

account! { another_name_first, Ledger, {
    formerly("Book", "Account"), created_by(Opened), events(Deposited => (), Noted => ())
}, }

account! { another_name_after, Ledger, {
    formerly("Account", "Book"), created_by(Opened), events(Deposited => (), Noted => ())
}, }

account! { name_before_the_only_one, Account, {
    formerly("Book"), created_by(Opened), events(Deposited => (), Noted => ())
}, }

account! { renamed_once_more, Book, {
    formerly("Account"), created_by(Opened), events(Deposited => (), Noted => ())
}, }

account! { name_taken_without_a_word, Book, {
    created_by(Opened), events(Deposited => (), Noted => ())
}, }

domain! { renamed_and_changed,
    pub use super::{recorded::{Noted, Opened}, version_raised::Deposited};

    #[derive(Aggregate)]
    #[aggregate(created_by(Opened), events(Deposited => (), Noted => (), Closed => ()))]
    pub struct Ledger {
        #[id]
        id: Id<Ledger>,
    }

    #[event]
    pub struct Closed;
}

account! { another, Parcel, { created_by(Shipped) },
    #[event]
    pub struct Shipped {
        pub to: String,
    }
}

account! { command_changed, Account, { created_by(Opened), events(Deposited => (), Noted => ()) },
    #[commands]
    impl Account {
        #[create]
        pub fn open() -> Opened {
            Opened
        }

        #[handle]
        pub fn note(&self, text: String, urgent: bool) -> Option<Noted> {
            urgent.then_some(Noted { text })
        }
    }
}

account! { command_removed, Account, { created_by(Opened), events(Deposited => (), Noted => ()) },
    #[commands]
    impl Account {
        #[create]
        pub fn open() -> Opened {
            Opened
        }
    }
}

account! { snapshots_kept, Account,
    { created_by(Opened), events(Deposited => (), Noted => ()), snapshot(every = 10) },
    #[commands]
    impl Account {
        #[create]
        pub fn open() -> Opened {
            Opened
        }

        #[handle]
        pub fn note(&self, text: String) -> Noted {
            Noted { text }
        }
    }
}

// What another branch made version 3 of.
deposited! { other_version_3,
    #[event(version = 3, upcast(1 => same, 2 => same))]
    pub struct Deposited {
        pub amount: Money,
        pub channel: String,
        pub by: u64,
    }

    fn same(object: JsonObject) -> Result<JsonObject, UpcastError> {
        Ok(object)
    }
}

account! { known_by_former_names, Ledger, {
        formerly("Account"),
        created_by(Opened),
        events(Remarked => ()),
        split(Deposited => nothing_of_it)
    },
    #[event(formerly("Noted"))]
    pub struct Remarked {
        pub text: String,
    }

    fn nothing_of_it(_: Deposited) {}
}

account! { misread_by_former_names, Ledger, {
        formerly("Account"),
        created_by(Opened),
        events(Deposited => (), Remarked => ())
    },
    #[event(formerly("Noted"))]
    pub struct Remarked {
        pub words: String,
    }
}

account! { retired, Account, { created_by(Opened), events(Deposited => ()), retired("Noted") }, }
