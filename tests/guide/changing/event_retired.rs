//! Accounts are no longer flagged, and nobody needs to know that they were.

use super::told;

mod before {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: before
    #[event]
    pub struct Flagged {
        pub reason: String,
    }
    // ANCHOR_END: before

    account!(Flagged);
}

mod after {
    use super::super::Opened;
    use intent_runtime::prelude::*;

    // ANCHOR: after
    #[derive(Aggregate)]
    #[aggregate(created_by(Opened), retired("Flagged"))]
    pub struct Account {
        #[id]
        pub id: Id<Account>,
    }
    // ANCHOR_END: after
}

mod forgotten {
    use super::super::Opened;
    use intent_runtime::prelude::*;

    #[derive(Aggregate)]
    #[aggregate(created_by(Opened))]
    pub struct Account {
        #[id]
        pub id: Id<Account>,
    }
}

#[tokio::test]
async fn what_is_stored_is_read_as_nothing() {
    let reason = "late".into();
    let old = before::Flagged { reason };
    let new = None;
    told::<before::Account, after::Account, forgotten::Account>("event_retired", old.into(), new)
        .await;
}
