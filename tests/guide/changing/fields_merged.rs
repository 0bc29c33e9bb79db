//! Street and city become one address.

use super::told;

mod before {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: before
    #[event]
    pub struct Moved {
        pub street: String,
        pub city: String,
    }
    // ANCHOR_END: before

    account!(Moved);
}

mod after {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: after
    #[event(version = 1, name = "Moved")]
    pub struct MovedV1 {
        pub street: String,
        pub city: String,
    }

    #[event(version = 2, from = MovedV1)]
    pub struct Moved {
        pub address: Address,
    }

    #[value]
    pub struct Address {
        pub street: String,
        pub city: String,
    }

    impl From<MovedV1> for Moved {
        fn from(old: MovedV1) -> Self {
            let MovedV1 { street, city } = old;
            let address = Address { street, city };
            Self { address }
        }
    }
    // ANCHOR_END: after

    account!(Moved);
}

mod forgotten {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    #[event]
    pub struct Moved {
        pub address: Address,
    }

    #[value]
    pub struct Address {
        pub street: String,
        pub city: String,
    }

    account!(Moved);
}

#[tokio::test]
async fn what_is_stored_is_put_together() {
    let (street, city) = ("Bryggen".into(), "Bergen".into());
    let old = before::Moved { street, city };
    let (street, city) = ("Storgata".into(), "Oslo".into());
    let address = after::Address { street, city };
    let new = Some(after::Moved { address }.into());
    told::<before::Account, after::Account, forgotten::Account>("fields_merged", old.into(), new)
        .await;
}
