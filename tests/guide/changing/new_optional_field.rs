//! Deposits may have a note from now on.

use super::told;

mod before {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: before
    #[event]
    pub struct Deposited {
        pub cents: i64,
    }
    // ANCHOR_END: before

    account!(Deposited);
}

mod after {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: after
    #[event(version = 2, readable_by(1))]
    pub struct Deposited {
        pub cents: i64,
        #[since(2)]
        pub note: Option<String>,
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
        pub note: Option<String>,
    }

    account!(Deposited);
}

#[tokio::test]
async fn what_is_stored_has_none() {
    let old = before::Deposited { cents: 500 };
    let note = Some("rent".into());
    let new = after::Deposited { cents: 200, note };
    let new = Some(new.into());
    told::<before::Account, after::Account, forgotten::Account>(
        "new_optional_field",
        old.into(),
        new,
    )
    .await;
}
