//! The memo of a deposit is called its note.

use intent_runtime::Event as _;

use super::told;
use crate::lock::{domain::catalogue, folder::Folder};

mod before {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: before
    #[event]
    pub struct Deposited {
        pub cents: i64,
        pub memo: String,
    }
    // ANCHOR_END: before

    account!(Deposited);
}

mod after {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: after
    #[event(version = 2)]
    pub struct Deposited {
        pub cents: i64,
        #[renamed(2, from = "memo")]
        pub note: String,
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
        pub note: String,
    }

    account!(Deposited);
}

mod in_the_code_only {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    #[event]
    pub struct Deposited {
        pub cents: i64,
        #[serde(rename = "memo")]
        pub note: String,
    }

    account!(Deposited);
}

#[test]
fn a_name_in_the_code_only_is_no_change_of_what_is_stored() {
    let lock = Folder::recording(catalogue::<before::Account>());
    lock.check(&catalogue::<in_the_code_only::Account>())
        .unwrap();
    let stored = in_the_code_only::Deposited::decode(1, br#"{"cents":500,"memo":"rent"}"#);
    assert_eq!(stored.unwrap().note, "rent");
}

#[tokio::test]
async fn what_is_stored_is_read_under_the_new_name() {
    let memo = "rent".into();
    let old = before::Deposited { cents: 500, memo };
    let note = "food".into();
    let new = after::Deposited { cents: 200, note };
    let new = Some(new.into());
    told::<before::Account, after::Account, forgotten::Account>("field_renamed", old.into(), new)
        .await;
}
