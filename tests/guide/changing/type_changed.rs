//! An amount is no bare number any more: it has a currency.

use super::told;

mod before {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: before
    #[event]
    pub struct Deposited {
        pub amount: i64,
    }
    // ANCHOR_END: before

    account!(Deposited);
}

mod after {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: after
    #[event(version = 2, upcast(1 => in_euros))]
    pub struct Deposited {
        pub amount: Money,
    }

    #[value]
    pub struct Money {
        pub cents: i64,
        pub currency: String,
    }

    /// All there was before were euros.
    fn in_euros(mut v1: JsonObject) -> Result<JsonObject, UpcastError> {
        let cents: i64 = v1.take("amount")?;
        let currency = "EUR".to_owned();
        v1.set("amount", Money { cents, currency })?;
        Ok(v1)
    }
    // ANCHOR_END: after

    account!(Deposited);
}

mod forgotten {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    #[event]
    pub struct Deposited {
        pub amount: Money,
    }

    #[value]
    pub struct Money {
        pub cents: i64,
        pub currency: String,
    }

    account!(Deposited);
}

#[tokio::test]
async fn what_is_stored_is_turned_into_the_new_type() {
    let old = before::Deposited { amount: 500 };
    let (cents, currency) = (200, "GBP".into());
    let amount = after::Money { cents, currency };
    let new = Some(after::Deposited { amount }.into());
    told::<before::Account, after::Account, forgotten::Account>("type_changed", old.into(), new)
        .await;
}
