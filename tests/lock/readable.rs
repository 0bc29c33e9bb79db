//! What an event says that older builds can read, compared with the recorded shapes of their versions.

use super::{
    domain::catalogue,
    folder::Folder,
    messages::{assert_message, refused},
};
use intent_runtime::Aggregate;

/// One aggregate with one event, whose versions are what the cases are about.
macro_rules! build {
    ($module:ident, $($event:tt)*) => {
        mod $module {
            #[allow(unused_imports)]
            use intent_runtime::prelude::*;

            #[derive(Aggregate)]
            #[aggregate(created_by(Opened), events(Deposited => ()))]
            pub struct Account {
                #[id]
                id: Id<Account>,
            }

            #[event]
            pub struct Opened;

            $($event)*
        }
    };
}

build! { first,
    #[event(name = "PaidIn")]
    pub struct Deposited {
        pub amount: u64,
    }
}

build! { second,
    #[event(version = 2, name = "PaidIn")]
    pub struct Deposited {
        pub amount: u64,
        #[since(2, default = Way::Counter)]
        pub way: Way,
        #[since(2)]
        pub memo: Option<String>,
    }

    #[value]
    pub enum Way {
        Counter,
        Machine { place: String },
    }
}

build! { added,
    #[event(version = 3, name = "PaidIn", readable_by(2))]
    pub struct Deposited {
        pub amount: u64,
        #[since(2, default = Way::Counter)]
        pub way: Way,
        #[since(2)]
        pub memo: Option<String>,
        #[since(3, default = String::new())]
        pub by: String,
    }

    #[value]
    pub enum Way {
        Counter,
        Machine { place: String },
    }
}

build! { field_gone,
    #[event(version = 2, name = "PaidIn", removed(2, "amount"), readable_by(1))]
    pub struct Deposited {
        #[since(2, default = 0)]
        pub cents: u64,
    }
}

build! { new_variant,
    #[event(version = 3, name = "PaidIn", unchanged(3), readable_by(1))]
    pub struct Deposited {
        pub amount: u64,
        #[since(2, default = Way::Counter)]
        pub way: Way,
        #[since(2)]
        pub memo: Option<String>,
    }

    #[value]
    pub enum Way {
        Counter,
        Machine { place: String },
        Transfer { from: String },
    }
}

build! { nested_type,
    #[event(version = 3, name = "PaidIn", upcast(2 => as_it_is), readable_by(2))]
    pub struct Deposited {
        pub amount: u64,
        #[since(2, default = Way::Counter)]
        pub way: Way,
        #[since(2)]
        pub memo: Option<Memo>,
    }

    #[value]
    pub enum Way {
        Counter,
        Machine { place: String },
    }

    #[value]
    pub struct Memo {
        pub text: String,
    }

    fn as_it_is(v2: JsonObject) -> Result<JsonObject, UpcastError> {
        Ok(v2)
    }
}

// The same as `new_variant`, without saying anything of older builds.
build! { third,
    #[event(version = 3, name = "PaidIn", unchanged(3))]
    pub struct Deposited {
        pub amount: u64,
        #[since(2, default = Way::Counter)]
        pub way: Way,
        #[since(2)]
        pub memo: Option<String>,
    }

    #[value]
    pub enum Way {
        Counter,
        Machine { place: String },
        Transfer { from: String },
    }
}

build! { fourth,
    #[event(version = 4, name = "PaidIn", unchanged(3), readable_by(2))]
    pub struct Deposited {
        pub amount: u64,
        #[since(2, default = Way::Counter)]
        pub way: Way,
        #[since(2)]
        pub memo: Option<String>,
        #[since(4, default = String::new())]
        pub by: String,
    }

    #[value]
    pub enum Way {
        Counter,
        Machine { place: String },
        Transfer { from: String },
    }
}

build! { unrecorded,
    #[event(version = 5, name = "PaidIn", unchanged(4), unchanged(5), readable_by(4))]
    pub struct Deposited {
        pub amount: u64,
        #[since(2, default = Way::Counter)]
        pub way: Way,
        #[since(2)]
        pub memo: Option<String>,
        #[since(3, default = String::new())]
        pub by: String,
    }

    #[value]
    pub enum Way {
        Counter,
        Machine { place: String },
    }
}

build! { renamed,
    #[event(version = 3, formerly("PaidIn"), readable_by(2))]
    pub struct Deposited {
        pub amount: u64,
        #[since(2, default = Way::Counter)]
        pub way: Way,
        #[since(2)]
        pub memo: Option<String>,
        #[since(3, default = String::new())]
        pub by: String,
    }

    #[value]
    pub enum Way {
        Counter,
        Machine { place: String },
    }
}

build! { predecessor,
    #[event(name = "PaidIn")]
    pub struct DepositedV1 {
        pub amount: u64,
    }

    #[event(version = 2, name = "PaidIn", from = DepositedV1, readable_by(1))]
    pub struct Deposited {
        pub amount: u64,
        pub memo: String,
    }

    impl From<DepositedV1> for Deposited {
        fn from(old: DepositedV1) -> Self {
            Self { amount: old.amount, memo: String::new() }
        }
    }
}

#[test]
fn what_is_true_of_every_recorded_version_is_recorded() {
    let folder = Folder::recording(catalogue::<second::Account>());
    folder.update(&catalogue::<added::Account>()).unwrap();
    folder.check(&catalogue::<added::Account>()).unwrap();
}

/// If the lock does not have an older version yet, the struct of that version serves as well.
#[test]
fn a_predecessor_counts_before_it_is_recorded() {
    Folder::recording(catalogue::<predecessor::Account>());
}

/// What is said where version 2 and then another are recorded.
fn said_of_two<Third: Aggregate, Now: Aggregate>(name: &str) {
    let folder = Folder::recording(catalogue::<second::Account>());
    folder.update(&catalogue::<Third>()).unwrap();
    let error = folder.check(&catalogue::<Now>()).unwrap_err();
    assert_message(name, &error.to_string());
}

#[test]
fn what_older_builds_cannot_read_is_shown_with_its_remedy() {
    refused::<second::Account, new_variant::Account>("readable_variant");
    refused::<second::Account, nested_type::Account>("readable_type");
    refused::<first::Account, field_gone::Account>("readable_missing");
    said_of_two::<third::Account, fourth::Account>("readable_less_far");
    said_of_two::<added::Account, unrecorded::Account>("readable_unrecorded");
    refused::<second::Account, renamed::Account>("readable_renamed");
}

#[test]
fn an_update_that_older_builds_would_suffer_from_is_refused() {
    let folder = Folder::recording(catalogue::<second::Account>());
    let error = folder.update(&catalogue::<new_variant::Account>());
    let said = error.unwrap_err().to_string();
    assert!(
        said.starts_with("nothing was recorded, because older builds could not read"),
        "{said}"
    );
}
