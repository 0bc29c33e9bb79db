//! Nobody asks who took a deposit.

use intent_runtime::{DecodeError, Event as _};

use super::told;

mod before {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: before
    #[event]
    pub struct Deposited {
        pub cents: i64,
        pub teller: String,
    }
    // ANCHOR_END: before

    account!(Deposited);
}

mod after {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: after
    #[event(version = 2, removed(2, "teller"))]
    pub struct Deposited {
        pub cents: i64,
    }
    // ANCHOR_END: after

    account!(Deposited);
}

mod forgotten {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    #[event]
    pub struct Deposited {
        pub cents: i64,
    }

    account!(Deposited);
}

/// Nobody misses a field that was optional.
mod optional {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    #[event]
    pub struct Deposited {
        pub cents: i64,
        pub teller: Option<String>,
    }

    account!(Deposited);
}

#[test]
fn older_builds_do_without_what_they_did_not_require() {
    // Version 2, which readers of version 1 may take as it is.
    let marked = 20_001;
    let read = optional::Deposited::decode(marked, br#"{"cents":500}"#);
    assert_eq!(read.unwrap().teller, None);
    let required = before::Deposited::decode(marked, br#"{"cents":500}"#);
    assert!(matches!(required, Err(DecodeError::Payload(_))));
}

#[tokio::test]
async fn what_is_stored_is_read_without_it() {
    let teller = "Bob".into();
    let old = before::Deposited { cents: 500, teller };
    let new = Some(after::Deposited { cents: 200 }.into());
    told::<before::Account, after::Account, forgotten::Account>("field_removed", old.into(), new)
        .await;
}
