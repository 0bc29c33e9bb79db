//! What was paid in is called a deposit.

use intent_runtime::prelude::*;
use intent_tests::on;

use super::{Opened, append, told};
use crate::lock::{domain::catalogue, folder::Folder};

mod before {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: before
    #[event]
    pub struct PaidIn {
        pub cents: i64,
    }
    // ANCHOR_END: before

    account!(PaidIn);
}

mod after {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: after
    #[event(formerly("PaidIn"))]
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

mod between {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: between
    #[event(name = "PaidIn", formerly("Deposited"))]
    pub struct Deposited {
        pub cents: i64,
    }
    // ANCHOR_END: between

    account!(Deposited);
}

#[tokio::test]
async fn what_is_stored_is_read_under_the_new_name() {
    let old = before::PaidIn { cents: 500 };
    let new = Some(after::Deposited { cents: 200 }.into());
    told::<before::Account, after::Account, forgotten::Account>("event_renamed", old.into(), new)
        .await;
}

#[tokio::test]
async fn a_build_between_reads_what_either_stores_and_is_read_by_both() {
    let app = App::connect("memory:", Domain::new()).await.unwrap();
    let before = on::<before::Account>(&app).await;
    let between = on::<between::Account>(&app).await;
    let after = on::<after::Account>(&app).await;
    let id = Id::<between::Account>::new();
    append(&app, id, &Opened.into()).await;
    append(&app, id, &between::Deposited { cents: 500 }.into()).await;
    let of_before = Id::<before::Account>::from_uuid(id.as_uuid());
    assert_eq!(before.history(of_before).await.unwrap().len(), 2);
    let of_after = Id::<after::Account>::from_uuid(id.as_uuid());
    assert_eq!(after.history(of_after).await.unwrap().len(), 2);
    append(&app, of_after, &after::Deposited { cents: 200 }.into()).await;
    assert_eq!(between.history(id).await.unwrap().len(), 3);

    let lock = Folder::recording(catalogue::<before::Account>());
    lock.check(&catalogue::<between::Account>()).unwrap();
    lock.update(&catalogue::<after::Account>()).unwrap();
}
