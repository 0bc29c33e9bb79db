//! City and street change independently.

use super::told;

mod before {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: before
    #[event]
    pub struct Moved {
        pub city: String,
        pub street: String,
    }
    // ANCHOR_END: before

    account!(Moved);
}

mod after {
    use super::super::Opened;
    use intent_runtime::prelude::*;

    // ANCHOR: after
    #[derive(Aggregate)]
    #[aggregate(
        created_by(Opened),
        events(CityChanged, StreetChanged),
        split(Moved => split_moved)
    )]
    pub struct Account {
        #[id]
        pub id: Id<Account>,
        #[on(CityChanged = |e| e.city.clone())]
        pub city: String,
        #[on(StreetChanged = |e| e.street.clone())]
        pub street: String,
    }

    #[event]
    pub struct CityChanged {
        pub city: String,
    }

    #[event]
    pub struct StreetChanged {
        pub street: String,
    }

    /// Stays as it was, to read what is stored; it is not listed, so nothing emits it.
    #[event]
    pub struct Moved {
        pub city: String,
        pub street: String,
    }

    fn split_moved(moved: Moved) -> (CityChanged, StreetChanged) {
        let Moved { city, street } = moved;
        (CityChanged { city }, StreetChanged { street })
    }
    // ANCHOR_END: after
}

mod forgotten {
    use super::super::Opened;
    use intent_runtime::prelude::*;

    #[derive(Aggregate)]
    #[aggregate(created_by(Opened), events(CityChanged => (), StreetChanged => ()))]
    pub struct Account {
        #[id]
        pub id: Id<Account>,
    }

    #[event]
    pub struct CityChanged {
        pub city: String,
    }

    #[event]
    pub struct StreetChanged {
        pub street: String,
    }
}

#[tokio::test]
async fn what_is_stored_is_read_as_both() {
    let (city, street) = ("Bergen".into(), "Bryggen".into());
    let old = before::Moved { city, street };
    let city = "Oslo".into();
    let new = Some(after::CityChanged { city }.into());
    let account =
        told::<before::Account, after::Account, forgotten::Account>("event_split", old.into(), new)
            .await;
    assert_eq!((&*account.city, &*account.street), ("Bergen", "Bryggen"));
}
