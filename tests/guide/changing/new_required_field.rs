//! Every deposit says where it was made.

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
        #[since(2, default = "counter".into())]
        pub channel: String,
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
        pub channel: String,
    }

    account!(Deposited);
}

#[tokio::test]
async fn what_is_stored_gets_the_default() {
    let old = before::Deposited { cents: 500 };
    let channel = "online".into();
    let new = after::Deposited {
        cents: 200,
        channel,
    };
    let new = Some(new.into());
    told::<before::Account, after::Account, forgotten::Account>(
        "new_required_field",
        old.into(),
        new,
    )
    .await;
}
